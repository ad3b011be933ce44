import type { Hook } from '@hookstep/catalogue'
import { checkList, checkNames } from '../check.ts'
import { checkKerasCallback, type KerasCallback } from './keras-callback.ts'
import { KerasRun } from './keras-run.ts'

/**
 * Callbacks that were written for `model.fit` of TensorFlow.js, as one hook: objects with functions, and instances of
 * `tf.Callback`, in any mixture. They are called in order and awaited, with what `fit` would give them; `model.stopTraining`
 * ends the run after the step under way. What one throws ends the run with an error, as with `fit`; give the hook to `isolated`
 * of `@hookstep/core/policies` where it should not.
 *
 * ```ts
 * const hooks = [
 *   kerasCallbacks([
 *     tf.callbacks.earlyStopping({ monitor: 'val_loss', patience: 2 }),
 *     { onEpochEnd: (epoch, logs) => console.log(epoch, logs?.loss) },
 *   ]),
 * ]
 * ```
 *
 * A callback follows one run at a time, and what it remembers is not saved with checkpoints.
 *
 * @throws TypeError on what is no list, on what `fit` would not take for a callback, and on an option that there is not.
 */
export function kerasCallbacks(
  list: readonly KerasCallback[],
  options: { readonly name?: string } = {},
): Hook {
  checkNames('kerasCallbacks', options, { name: true })
  checkList('kerasCallbacks', list)
  for (const callback of list) checkKerasCallback(callback)
  const callbacks = [...list]
  return {
    name: options.name ?? 'keras-callbacks',
    setup: (run) => new KerasRun(run, callbacks).follow(),
  }
}
