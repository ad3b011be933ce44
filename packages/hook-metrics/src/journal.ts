import { randomUUID } from 'node:crypto'
import { evaluate, type Hook, metrics, type Progress, type Run, train } from '@hookstep/catalogue'
import { checkName } from './check-name.ts'
import { firstLines } from './first-lines.ts'
import type { GrowingFile } from './growing-file.ts'
import { formatRow, formatVersion, parseRow } from './journal-format.ts'
import { mediaRow } from './media-row.ts'
import { type FilePosition, fileFor, type NumberedFile, prepareFolder } from './numbered-file.ts'
import { evaluationRow, type JournalRow, logRow, measuredRow, position, type StartRow } from './rows.ts'
import { syncing } from './syncing.ts'
import { versions } from './versions.ts'

/** A hook that writes a journal. */
export interface Journal extends Hook {
  /** The file: from `train.ready` on the one that is written, numbered where the name was taken. */
  readonly file: string
}

/**
 * Writes what a run tells in numbers to a file (`train.log`, evaluations, `metrics.measured`, `metrics.media`), and
 * how it began and ended: a JSON object a line. Folders are made. A file that is there already is kept: the run writes
 * `journal-2.jsonl` beside it. A resumed run goes on in its own file, without the rows that came after
 * the checkpoint. The main rank's only.
 *
 * Rows are written in the background, within a second. Before a checkpoint and at the end the run waits
 * until they are on the disk. A write that fails ends the run.
 *
 * ```ts
 * const hooks = [journal('runs/digits/journal.jsonl')]
 * ```
 *
 * @throws TypeError when no file is named.
 */
export function journal(file: string): Journal {
  checkName('journal', file, 'a file', 'runs/digits/journal.jsonl')
  let current = file
  return {
    name: 'journal',
    get file() {
      return current
    },
    async setup(run) {
      let saved: JournalPosition | null = null
      let open: JournalFile | undefined
      run.persist<JournalPosition | null>({
        version: 1,
        save: () => (open === undefined ? saved : positionIn(open)),
        load: (state) => {
          saved = state
        },
      })
      if (run.distributed.isMain) {
        await prepareFolder(file)
        run.subscribe(train.ready, async ({ progress }) => {
          open = await openFor(run, file, saved)
          current = open.file.path
          open.file.append(formatRow(startRow(run, open.run, progress)))
        })
        follow(run, () => open?.file)
      }
      return () => open?.file.close()
    },
  }
}

/** Where in which journal a checkpoint was taken. */
type JournalPosition = FilePosition & {
  /** The run that the journal belongs to. */
  readonly run: string
}

/** A journal that is being written. */
interface JournalFile extends NumberedFile {
  readonly run: string
}

function positionIn({ run, number, file }: JournalFile): JournalPosition {
  return { run, number, bytes: file.bytes }
}

/** Writes the rows of a run to the file that is open by then. */
function follow(run: Run, opened: () => GrowingFile | undefined): void {
  const append = (row: JournalRow): void => opened()?.append(formatRow(row))
  run.subscribe(train.log, (context) => append(logRow(context)))
  run.subscribe(metrics.measured, (context) => append(measuredRow(context)))
  run.subscribe(metrics.media, (context) => append(mediaRow(context)))
  run.subscribe(evaluate.post, (context) => {
    append(evaluationRow(context))
    opened()?.flush()
  })
  syncing(run, opened, append)
}

/** The journal of the run that goes on, or a new one. */
async function openFor(run: Run, path: string, saved: JournalPosition | null): Promise<JournalFile> {
  const holds = async (candidate: string): Promise<boolean> => (await runOf(candidate)) === saved?.run
  const opened = await fileFor(run, { what: 'journal', path, saved, holds })
  return { ...opened, run: saved?.run ?? randomUUID() }
}

/** The run that a journal's first row names. */
async function runOf(path: string): Promise<string | undefined> {
  const [line = ''] = await firstLines(path, 1)
  const row = parseRow(line)
  return row?.type === 'start' ? row.run : undefined
}

function startRow({ distributed, configuration }: Run, run: string, progress: Progress): StartRow {
  return {
    type: 'start',
    version: formatVersion,
    ...position(progress),
    run,
    date: new Date().toISOString(),
    versions: versions(),
    worldSize: distributed.worldSize,
    configuration,
  }
}
