import { checkpoint, evaluate, type Hook, type Progress, type Run, train } from '@hookstep/catalogue'
import { JournalFile, type JournalPosition, prepareFolder } from './journal-file.ts'
import { formatRow } from './journal-format.ts'
import { onEnd } from './plain-lines.ts'
import { evaluationRow, type JournalRow, logRow, position, type StartRow } from './rows.ts'
import { versions } from './versions.ts'

/** A hook that writes a journal. */
export interface Journal extends Hook {
  /** The file: from `train.ready` on the one that is written, numbered where the name was taken. */
  readonly file: string
}

/**
 * Writes every `train.log` and every evaluation of a run to a file, and how the run began and ended: a
 * JSON object a line. Folders are made. A file that is there already is kept: the run writes
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
  if (typeof file !== 'string' || file === '') {
    throw new TypeError(`journal(${JSON.stringify(file)}): name a file, such as 'runs/digits/journal.jsonl'`)
  }
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
        save: () => open?.position ?? saved,
        load: (state) => {
          saved = state
        },
      })
      if (run.distributed.isMain) {
        await prepareFolder(file)
        run.subscribe(train.ready, async ({ progress }) => {
          open = await openFor(run, file, saved)
          current = open.lines.path
          open.lines.append(formatRow(startRow(run, open.run, progress)))
        })
        follow(run, () => open)
      }
      return () => open?.lines.close()
    },
  }
}

/** Writes the rows of a run to the journal that is open by then. */
function follow(run: Run, journalOf: () => JournalFile | undefined): void {
  const append = (row: JournalRow): void => journalOf()?.lines.append(formatRow(row))
  run.subscribe(train.log, (context) => append(logRow(context)))
  run.subscribe(evaluate.post, (context) => {
    append(evaluationRow(context))
    journalOf()?.lines.flush()
  })
  run.subscribe(checkpoint.pre, () => journalOf()?.lines.sync())
  onEnd(run, (row) => {
    // A run that failed because of its journal cannot say so there.
    if (row.type === 'failed' && journalOf()?.lines.failed === true) return
    append(row)
    return journalOf()?.lines.sync()
  })
}

/** The journal of the run that goes on, or a new one. */
async function openFor(run: Run, file: string, saved: JournalPosition | null): Promise<JournalFile> {
  const resumed = saved === null ? undefined : await JournalFile.reopen(file, saved)
  if (resumed !== undefined) return resumed
  const created = await JournalFile.create(file, saved?.run)
  const { path } = created.lines
  if (saved !== null) {
    run.warn(`the journal of the run that goes on is not at ${file}; ${path} begins at this step`)
  } else if (created.number > 1) {
    run.warn(`${file} is there already and is kept; this run is written to ${path}`)
  }
  return created
}

function startRow({ distributed, configuration }: Run, run: string, progress: Progress): StartRow {
  return {
    type: 'start',
    version: 1,
    ...position(progress),
    run,
    date: new Date().toISOString(),
    versions: versions(),
    worldSize: distributed.worldSize,
    configuration,
  }
}
