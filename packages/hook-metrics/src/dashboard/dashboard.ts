import { basename, dirname, resolve } from 'node:path'
import { type Hook, type Progress, type Run, train } from '@hookstep/catalogue'
import type { Journal } from '../journal.ts'
import { readJournal } from '../read-journal.ts'
import { Board } from './board.ts'
import { checkPort } from './check-port.ts'
import { isEnd } from './end-of.ts'
import { followJournals } from './follow-journals.ts'
import { record, startRow } from './live-run.ts'
import { PageServer } from './page-server.ts'
import { RunRecord } from './run-record.ts'

export interface DashboardOptions {
  /** Of 127.0.0.1. Default 6070, or the next that is free; 0 for any. */
  readonly port?: number
  /** What the page calls the run. Default: the folder of its journal, or `this run`. */
  readonly name?: string
  /** The journal of this run, or its file: of a run that goes on, the page shows from it what came before. */
  readonly journal?: Journal | string
  /** Journals of other runs, to compare with: files that exist. Those that still grow are followed. */
  readonly compare?: readonly string[]
  /** Whether the page stays when the run has ended, and with it the process, until `close()` or Ctrl-C. Default false. */
  readonly keepOpen?: boolean
}

/** A hook that shows a run on a page. */
export interface Dashboard extends Hook {
  /** Where the page is, such as `http://127.0.0.1:6070/`; `undefined` while there is none. */
  readonly url: string | undefined
  /** Ends a page that was kept open. */
  close(): Promise<void>
}

/**
 * Serves a page with the run's charts, which grow while it trains: every value that is logged, evaluations beside
 * them, what hooks measure, and texts, images and distributions. It says once where, and only this machine can
 * look. The main rank's only.
 *
 * The page goes on showing what it has when the run is over; whoever comes later needs `keepOpen`, or the journal:
 * `npx @hookstep/hook-metrics view runs/digits/journal.jsonl`.
 *
 * ```ts
 * const written = journal('runs/digits/journal.jsonl')
 * const hooks = [written, dashboard({ journal: written })]
 * ```
 *
 * @throws RangeError on a port that there is not. The run fails where the port that was named is taken, and where a
 * journal to compare with cannot be read.
 */
export function dashboard(options: DashboardOptions = {}): Dashboard {
  const { port, compare = [], keepOpen = false } = options
  checkPort(port)
  const board = new Board()
  let page: PageServer | undefined
  let refresh = (): void => {}
  const close = async (): Promise<void> => {
    const closing = page
    page = undefined
    await closing?.close()
  }
  return {
    name: 'dashboard',
    get url() {
      return page?.url
    },
    close,
    setup(run) {
      if (!run.distributed.isMain) return
      let isEndedAtOnce = false
      run.subscribe(train.stopped, ({ aborted }) => {
        isEndedAtOnce = aborted
      })
      const kept = new RunRecord('live', { name: nameOf(options) })
      refresh = record(run, kept)
      run.subscribe(train.ready, async ({ progress }) => {
        await takeEarlier(run, kept, options.journal, progress)
        kept.take(startRow(run, progress))
        board.show(kept)
        if (page !== undefined) return
        const stopFollowing = await followJournals(compare, board)
        page = await PageServer.start(board, { port, refresh: () => refresh(), onClose: stopFollowing })
        console.log(`live page: ${page.url}`)
      })
      // Who ends a run at once does not want to end its page as well.
      return () => (keepOpen && !isEndedAtOnce ? stay(page) : close())
    },
  }
}

function nameOf({ name, journal }: DashboardOptions): string {
  const file = fileOf(journal)
  return name ?? (file === undefined ? 'this run' : basename(dirname(resolve(file))))
}

function fileOf(journal: Journal | string | undefined): string | undefined {
  return typeof journal === 'string' ? journal : journal?.file
}

/** What came before the step at which a run goes on. */
async function takeEarlier(
  run: Run,
  kept: RunRecord,
  journal: Journal | string | undefined,
  { step }: Progress,
): Promise<void> {
  const file = fileOf(journal)
  if (file === undefined || step === 0) return
  try {
    const rows = await readJournal(file)
    for (const row of rows) if (row.step <= step && !isEnd(row)) kept.take(row)
  } catch (error) {
    run.warn(`what came before step ${step} is not shown: ${(error as Error).message}`)
  }
}

function stay(page: PageServer | undefined): void {
  if (page === undefined) return
  page.holdOpen()
  console.log(`the live page stays until Ctrl-C: ${page.url}`)
}
