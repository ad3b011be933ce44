import { resolve, sep } from 'node:path'

/**
 * Short names for runs by their files: the folders in which they differ, and the file's name where they differ in
 * that. `runs/a/journal.jsonl` and `runs/b/journal.jsonl` are `a` and `b`.
 */
export function runNames(files: readonly string[]): string[] {
  const paths = files.map((file) => resolve(file).split(sep).filter(Boolean))
  const [first = []] = paths
  if (paths.length === 1) return [first.slice(-2, -1)[0] ?? first.join('/')]
  const shared = (at: (path: readonly string[], index: number) => string | undefined): number => {
    let count = 0
    while (count < first.length - 1 && paths.every((path) => at(path, count) === at(first, count))) count++
    return count
  }
  const [before, behind] = [shared((path, i) => path[i]), shared((path, i) => path.at(-1 - i))]
  return paths.map((path) => path.slice(before, path.length - behind).join('/') || path.slice(-2).join('/'))
}
