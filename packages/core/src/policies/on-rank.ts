import type { Hook } from '../hook.ts'
import { type PolicyRun, wrapping } from './policy-run.ts'

/** A run that knows which of several processes this is. */
export interface RankedRun extends PolicyRun {
  readonly distributed: { readonly isMain: boolean; readonly isLocalMain: boolean }
}

/** The main rank, the main rank of each machine, or every rank. */
export type Where = 'main' | 'local-main' | 'all'

/**
 * The same hook, on some of the processes that run together: on the others it is not set up.
 *
 * ```ts
 * const hooks = [onRank('main', progressBar())]
 * ```
 *
 * @throws TypeError | RangeError on what is no hook, and on a place that there is not.
 */
export function onRank<Run extends RankedRun>(where: Where, hook: Hook<Run>): Hook<Run> {
  if (!(where in isThere)) {
    throw new RangeError(`onRank: ${JSON.stringify(where)} must be one of ${Object.keys(isThere).join(', ')}`)
  }
  return wrapping('onRank', hook, (run) => (isThere[where](run.distributed) ? hook.setup(run) : undefined))
}

const isThere: Readonly<Record<Where, (distributed: RankedRun['distributed']) => boolean>> = {
  main: ({ isMain }) => isMain,
  'local-main': ({ isLocalMain }) => isLocalMain,
  all: () => true,
}
