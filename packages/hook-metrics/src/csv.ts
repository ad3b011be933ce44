import { type Hook, type Progress, type Run, train } from '@hookstep/catalogue'
import { checkName } from './check-name.ts'
import { csvLines, header } from './csv-format.ts'
import { firstLines } from './first-lines.ts'
import { type Measurement, onMeasurement } from './measurements.ts'
import { type FilePosition, fileFor, type NumberedFile, prepareFolder } from './numbered-file.ts'
import { syncing } from './syncing.ts'

/** A hook that writes a table of numbers. */
export interface Csv extends Hook {
  /** The file: from `train.ready` on the one that is written, numbered where the name was taken. */
  readonly file: string
}

/**
 * Writes every number of a run to a table: a line for each, in seven columns, which never change. Numbers that were
 * logged have the source `train`, those of evaluations `evaluation`; others have the one that their hook gives them, and
 * `run` marks where a run began or went on. Media are left out. Folders are made; a file that is there already is kept: the run writes `numbers-2.csv` beside
 * it. A resumed run goes on in its own file, without the lines that came after the checkpoint. The main rank's only.
 *
 * Lines are written in the background, within a second. Before a checkpoint and at the end the run waits
 * until they are on the disk. A write that fails ends the run.
 *
 * ```ts
 * const hooks = [csv('runs/digits/numbers.csv')]
 * ```
 *
 * @throws TypeError when no file is named.
 */
export function csv(file: string): Csv {
  checkName('csv', file, 'a file', 'runs/digits/numbers.csv')
  let current = file
  return {
    name: 'csv',
    get file() {
      return current
    },
    async setup(run) {
      let saved: CsvPosition | null = null
      let open: Table | undefined
      run.persist<CsvPosition | null>({
        version: 1,
        save: () => (open === undefined ? saved : positionIn(open)),
        load: (state) => {
          saved = state
        },
      })
      if (run.distributed.isMain) {
        await prepareFolder(file)
        run.subscribe(train.ready, async ({ progress }) => {
          open = await openFor(run, { path: file, saved, beginning: csvLines(beginningAt(progress)) })
          current = open.file.path
        })
        onMeasurement(run, (measurement) => open?.file.append(csvLines(measurement)))
        syncing(run, () => open?.file)
      }
      return () => open?.file.close()
    },
  }
}

/** Where in which table a checkpoint was taken. */
type CsvPosition = FilePosition & {
  /** The first line below the header: no other table has the same. */
  readonly first: string
}

/** A table that is being written. */
interface Table extends NumberedFile {
  readonly first: string
}

function positionIn({ number, file, first }: Table): CsvPosition {
  return { number, bytes: file.bytes, first }
}

/** Marks where a run begins or goes on, with the time of day to the microsecond. */
function beginningAt(progress: Progress): Measurement {
  const seconds = (performance.timeOrigin + performance.now()) / 1000
  return { source: 'run', step: progress.step, progress, values: { unix_seconds: seconds } }
}

interface Opening {
  readonly path: string
  readonly saved: CsvPosition | null
  /** The line that marks where the run begins, or goes on. */
  readonly beginning: string
}

/** The table of the run that goes on, or a new one. */
async function openFor(run: Run, { path, saved, beginning }: Opening): Promise<Table> {
  const opened = await fileFor(run, { what: 'table', path, saved, holds })
  opened.file.append(opened.isResumed ? beginning : header + beginning)
  return { ...opened, first: opened.isResumed && saved !== null ? saved.first : beginning }
}

async function holds(path: string, { first }: CsvPosition): Promise<boolean> {
  return (await firstLines(path, 2)).map((line) => `${line}\n`).join('') === header + first
}
