import type { Board } from './board.ts'
import { FollowedJournal } from './followed-journal.ts'
import { runNames } from './run-names.ts'

/** Milliseconds between two looks at the files. */
const interval = 1000

/**
 * Puts journals on a board, and follows those that grow.
 *
 * @returns ends that.
 * @throws Error when a file cannot be read, or is no journal.
 */
export async function followJournals(files: readonly string[], board: Board): Promise<() => void> {
  const different = [...new Set(files)]
  const names = runNames(different)
  const journals = different.map((file, i) => new FollowedJournal(file, names[i] ?? file, board))
  for (const journal of journals) await journal.read()
  let timer: NodeJS.Timeout | undefined
  let isOver = different.length === 0
  const again = async (): Promise<void> => {
    for (const journal of journals) await journal.readOrTell()
    if (!isOver) timer = setTimeout(() => void again(), interval).unref()
  }
  if (!isOver) timer = setTimeout(() => void again(), interval).unref()
  return () => {
    isOver = true
    clearTimeout(timer)
  }
}
