import { checkpoint, type Run } from '@hookstep/catalogue'
import type { GrowingFile } from './growing-file.ts'
import { onEnd } from './plain-lines.ts'
import type { EndRow } from './rows.ts'

/** Has the file on the disk before a checkpoint and at the end of a run, of which `write` may write something, too. */
export function syncing(
  run: Run,
  opened: () => GrowingFile | undefined,
  write: (row: EndRow) => void = () => {},
): void {
  run.subscribe(checkpoint.pre, () => opened()?.sync())
  onEnd(run, (row) => {
    // A run that failed because of its file cannot say so there.
    if (row.type === 'failed' && opened()?.failed === true) return
    write(row)
    return opened()?.sync()
  })
}
