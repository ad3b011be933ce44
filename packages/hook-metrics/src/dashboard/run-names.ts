import { resolve, sep } from 'node:path'

/**
 * Short names for runs by their files: the folders, and the file's own name where they differ in that, without what
 * all begin with. `runs/a/journal.jsonl` and `runs/b/journal.jsonl` are `a` and `b`.
 */
export function runNames(files: readonly string[]): string[] {
  const paths = files.map((file) => resolve(file).split(sep).filter(Boolean))
  const ends = new Set(paths.map((path) => path.at(-1)))
  const telling = ends.size > 1 ? paths : paths.map((path) => (path.length > 1 ? path.slice(0, -1) : path))
  const [first = []] = telling
  const most = Math.min(first.length, ...telling.map((path) => path.length)) - 1
  let shared = 0
  while (shared < most && telling.every((path) => path[shared] === first[shared])) shared++
  return telling.map((path) => path.slice(shared).join('/'))
}
