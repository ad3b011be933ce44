import { browserPlatform } from './browser/platform.ts'
import { startUpload } from './online/upload.ts'
import type { WandbOptions } from './options.ts'
import { type Wandb, wandbOn } from './wandb.ts'

export { opfsFolder } from './browser/opfs-folder.ts'
export { type BrowserSyncOptions, sync } from './browser/sync.ts'
export type { WandbOptions } from './options.ts'
export type { Wandb } from './wandb.ts'

/**
 * Keeps a training as a run of Weights & Biases, in a page or a Worker: its log lies in the browser's origin-private file
 * system, below `wandb/` in `dir`, before any of it is sent. What the console shows is not kept.
 *
 * ```ts
 * const hooks = [wandb({ project: 'digits', mode: 'offline' })]
 * ```
 *
 * @throws TypeError | RangeError on an option that cannot be. A key that is missing ends the run before its first step.
 */
export function wandb(options: WandbOptions = {}): Wandb {
  return wandbOn(browserPlatform(startUpload), options)
}
