import { join } from 'node:path'
import { evaluate, type Hook, inference, type Run, train } from '@hookstep/catalogue'
import { checkpoint as checkpointIn } from '../checkpoint.ts'
import { folder as folderStore } from '../node/folder.ts'
import type { CheckpointOptions } from '../options.ts'
import { checkKeys, optionNames } from '../resolved-options.ts'
import type { CheckpointStore } from '../store.ts'
import { checkSignals, defaultSignals, followSignals, type Signals } from './signals.ts'
import { TriggerFile } from './trigger-file.ts'

/** As in every runtime, besides a folder, signals and a trigger file. */
export interface NodeCheckpointOptions extends Omit<CheckpointOptions, 'store'> {
  /** Where checkpoints lie; made when it is needed. Either this or `store`. */
  readonly folder?: string
  readonly store?: CheckpointStore
  /**
   * What signals ask for: to save at once and stop, or to save at once and go on. Default `{ SIGINT: 'stop',
   * SIGTERM: 'stop', SIGUSR1: 'save' }`; none with `{}`. A second one that asks to stop, a second or more after the first, ends the
   * process with exit code 128 and the signal's number. A run that was stopped ends as stopped by this hook: what the process's exit code is
   * then, the program says.
   */
  readonly signals?: Signals
  /**
   * A file whose appearance asks for a checkpoint at once, and to stop where `stop` is written in it. Looked for on
   * the main rank before each microbatch and evaluation batch, twenty times a second at most; removed when it is followed. Default `save-now` in `folder`; none with `false`.
   */
  readonly triggerFile?: string | false
}

/**
 * Saves a run to a folder, and goes on where it was saved: bit for bit. Also saves at once when the process is told
 * to go: by a signal, or by a file.
 *
 * ```ts
 * import { checkpoint } from '@hookstep/hook-checkpoint/node'
 *
 * const hooks = [checkpoint({ folder: 'runs/digits/checkpoints' })]
 * ```
 *
 * See `checkpoint` of `@hookstep/hook-checkpoint` for all else.
 *
 * @throws TypeError | RangeError on an option that cannot be.
 */
export function checkpoint(options: NodeCheckpointOptions): Hook {
  checkKeys('checkpoint', options, [...optionNames, 'folder', 'signals', 'triggerFile'])
  const { folder, store, signals = defaultSignals(), triggerFile, ...others } = options
  const hook = checkpointIn({ ...others, store: storeOf(folder, store) })
  checkSignals(signals)
  const path = triggerFile ?? (folder === undefined ? false : join(folder, 'save-now'))
  return {
    name: hook.name,
    async setup(run) {
      const cleanUp = await hook.setup(run)
      const leave = listen(run, signals, path)
      return async () => {
        leave()
        if (typeof cleanUp === 'function') await cleanUp()
      }
    },
  }
}

function storeOf(folder: unknown, store: CheckpointStore | undefined): CheckpointStore {
  if ((folder === undefined) === (store === undefined)) {
    throw new TypeError("checkpoint: give either a folder, such as 'runs/digits/checkpoints', or a store")
  }
  if (store !== undefined) return store
  if (typeof folder === 'string' && folder !== '') return folderStore(folder)
  throw new TypeError(`checkpoint: folder is ${JSON.stringify(folder)}; it must be a path`)
}

/** From the first event of the run on: until then nobody would do what is asked. */
function listen(run: Run, signals: Signals, path: string | false): () => void {
  const file = path === false || !run.distributed.isMain ? undefined : new TriggerFile(run, path)
  let leaveSignals = (): void => {}
  for (const start of [train.configuration.start, inference.configuration.start]) {
    run.subscribe(start, () => {
      leaveSignals = followSignals(run, signals)
    })
  }
  for (const moment of [train.microbatch.pre, evaluate.step.pre, inference.step.pre]) {
    if (file !== undefined) run.subscribe<object>(moment, () => file.poll())
  }
  return () => {
    leaveSignals()
    file?.remove()
  }
}
