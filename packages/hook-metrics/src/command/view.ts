import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Board } from '../dashboard/board.ts'
import { followJournals } from '../dashboard/follow-journals.ts'
import { PageServer } from '../dashboard/page-server.ts'

/**
 * Serves a page with the runs of these journals, which keeps the process alive until it is closed.
 *
 * @param files journals, or folders that hold a `journal.jsonl`.
 * @throws Error when a file cannot be read or is no journal, and when the port cannot be had.
 */
export async function view(files: readonly string[], port: number | undefined): Promise<PageServer> {
  const board = new Board()
  const onClose = await followJournals(await Promise.all(files.map(journalIn)), board)
  const page = await PageServer.start(board, { port, onClose })
  page.holdOpen()
  return page
}

async function journalIn(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() === true ? join(path, 'journal.jsonl') : path
}
