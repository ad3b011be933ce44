import { nodePlatform } from './node/platform.ts'
import { startUpload } from './online/upload.ts'
import type { WandbOptions } from './options.ts'
import { type Wandb, wandbOn } from './wandb.ts'

export { diskFolder } from './node/disk-folder.ts'
export type { WandbOptions } from './options.ts'
export type { Wandb } from './wandb.ts'

/**
 * Keeps a training as a run of Weights & Biases: every log and evaluation, what hooks measure and show, the summary,
 * and what the process writes to its outputs. All of it is in W&B's own transaction log, below `wandb/` in `dir`, before
 * any of it is sent; a server that fails, or is gone, never keeps the training waiting. The main rank's only.
 *
 * A training that goes on from a checkpoint goes on in its run, with no row missing and none twice.
 *
 * ```ts
 * const hooks = [wandb({ project: 'digits', mode: 'offline' })]
 * ```
 *
 * @throws TypeError | RangeError on an option that cannot be. What is missing in the surroundings, such as a key, ends
 *   the run before its first step.
 */
export function wandb(options: WandbOptions = {}): Wandb {
  return wandbOn(nodePlatform(startUpload), options)
}
