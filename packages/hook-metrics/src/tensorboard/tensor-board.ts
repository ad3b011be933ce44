import { join } from 'node:path'
import { type Hook, type Json, metrics, type Run, train } from '@hookstep/catalogue'
import { checkName } from '../check-name.ts'
import type { GrowingFile } from '../growing-file.ts'
import { onMeasurement } from '../measurements.ts'
import { prepareFolder } from '../numbered-file.ts'
import { syncing } from '../syncing.ts'
import { createEventFileFor, type EventFolder } from './event-folder.ts'
import { fileVersion, sessionStart, summary } from './events.ts'
import { hyperparameters, mediaValue, scalars, text } from './summaries.ts'

/** A hook that writes what TensorBoard reads. */
export interface TensorBoard extends Hook {
  /** The folder: from `train.ready` on the one that is written, numbered where there was a run in it. */
  readonly folder: string
}

/**
 * Writes event files, which TensorBoard shows: every number of a run (`train/loss`, `evaluation/loss`, `system/…`, by where
 * it comes from), histograms, images, texts, tables as texts, and the configuration, by which its HParams page compares
 * runs. Where there is a run in the folder already, it is kept: this one is written to `…-2` beside it. A resumed run goes on
 * in a file of its own, which tells TensorBoard to drop what came after the checkpoint. The main rank's only.
 *
 * Records are written in the background, within a second. Before a checkpoint and at the end the run waits
 * until they are on the disk. A write that fails ends the run.
 *
 * ```ts
 * const hooks = [tensorBoard('runs/digits')] // then: tensorboard --logdir runs
 * ```
 *
 * @throws TypeError when no folder is named.
 */
export function tensorBoard(folder: string): TensorBoard {
  checkName('tensorBoard', folder, 'a folder', 'runs/digits')
  let current = folder
  return {
    name: 'tensorboard',
    get folder() {
      return current
    },
    async setup(run) {
      let saved: EventPosition | null = null
      let open: EventFile | undefined
      run.persist<EventPosition | null>({
        version: 1,
        save: () => open?.position ?? saved,
        load: (state) => {
          saved = state
        },
      })
      if (run.distributed.isMain) {
        await prepareFolder(join(folder, 'events'))
        run.subscribe(train.ready, async () => {
          open = await openFor(run, folder, saved)
          current = open.path
        })
        follow(run, () => open)
      }
      return () => open?.file.close()
    },
  }
}

/** Where a checkpoint was taken. */
type EventPosition = {
  readonly number: number
  /** The name of the run's first file, by which its folder is known again. */
  readonly first: string
  /** The last step that something was written of. */
  readonly step: number
}

function follow(run: Run, opened: () => EventFile | undefined): void {
  onMeasurement(run, ({ source, step, values }) => opened()?.write(step, scalars(source, values)))
  run.subscribe(metrics.media, ({ step, name, media }) => opened()?.write(step, [mediaValue(name, media)]))
  syncing(run, () => opened()?.file)
}

/** A file in the folder of the run that goes on, or in a new one. */
async function openFor(run: Run, path: string, saved: EventPosition | null): Promise<EventFile> {
  const { folder, file } = await createEventFileFor(run, path, saved)
  file.append(fileVersion())
  const opened = new EventFile(folder, file, folder.isResumed ? saved : null)
  if (folder.isResumed) opened.restart(run.progress.step)
  else opened.introduce(run.configuration)
  return opened
}

/** An event file that is being written. */
class EventFile {
  readonly path: string
  readonly file: GrowingFile
  private readonly number: number
  private readonly first: string
  private step: number

  constructor({ path, number }: EventFolder, file: GrowingFile, saved: EventPosition | null) {
    this.path = path
    this.file = file
    this.number = number
    this.first = saved?.first ?? file.name
    this.step = saved?.step ?? 0
  }

  get position(): EventPosition {
    return { number: this.number, first: this.first, step: this.step }
  }

  write(step: number, values: readonly Uint8Array[]): void {
    this.file.append(summary(step, values))
    this.step = Math.max(this.step, step)
  }

  /** Says what the run is made with. */
  introduce(configuration: Json): void {
    this.file.append(sessionStart(0))
    const code = `\`\`\`json\n${JSON.stringify(configuration, undefined, 2)}\n\`\`\``
    const values = [text('configuration', code), hyperparameters(configuration, Date.now() / 1000)]
    for (const value of values) this.write(0, [value])
  }

  /** Drops what earlier files have of later steps: within a step, what it had written by then is kept. */
  restart(step: number): void {
    this.file.append(sessionStart(Math.max(step, this.step) + 1))
  }
}
