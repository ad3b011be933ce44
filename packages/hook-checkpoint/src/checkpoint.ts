import {
  type CheckpointPreContext,
  evaluate,
  checkpoint as events,
  type FailedContext,
  type Hook,
  inference,
  type Request,
  type Run,
  type Trigger,
  train,
} from '@hookstep/catalogue'
import type { CheckpointOf, Kind } from './candidates.ts'
import { describeTrigger } from './describe-trigger.ts'
import { messageOf } from './message-of.ts'
import { topologyOf } from './model-topology.ts'
import type { CheckpointOptions } from './options.ts'
import { checkWorldSize, keepOfRanks, storeOfRank } from './ranks.ts'
import { type ResolvedOptions, resolveOptions } from './resolved-options.ts'
import { resume } from './resume.ts'
import { type Moment, Saves } from './saves.ts'
import type { CheckpointStore } from './store.ts'

/**
 * Saves a run, and goes on where it was saved: bit for bit, in training and in inference.
 *
 * ```ts
 * import { every } from '@hookstep/catalogue'
 *
 * const hooks = [checkpoint({ store: memoryStore(), when: every('100 steps', { last: true }) })]
 * ```
 *
 * It saves when `when` is due, when anybody asks (`run.save(reason)`), and where a run fails. The run waits for
 * the copy of its state; the checkpoint is hashed, written and synced beside it, and one at a time: the next is taken
 * when the one before is durable. What has failed by then ends the run at the end of the step under way, and
 * the checkpoints before stay. `train()` returns when the last one is durable.
 *
 * `checkpoint.committed` is told before the next checkpoint is taken and at the end of the run, so that
 * the order of events does not depend on the disk.
 *
 * With several ranks every rank needs the hook: each keeps its own state, in `rank-0`, `rank-1`, … of the store.
 * They go on from the newest checkpoint that all of them have.
 *
 * @throws TypeError | RangeError on an option that cannot be.
 */
export function checkpoint(options: CheckpointOptions): Hook {
  const resolved = resolveOptions(options)
  return { name: resolved.name, setup: (run) => follow(run, resolved) }
}

/** A run, and what its checkpoints need. */
interface Followed {
  readonly run: Run
  readonly options: ResolvedOptions
  /** That of this rank. */
  readonly store: CheckpointStore
  readonly saves: Saves
}

function follow(run: Run, options: ResolvedOptions): () => Promise<void> {
  const store = storeOfRank(options.store, run.distributed)
  const saves = new Saves(run, store, keepOfRanks(options.keep, run.distributed))
  let release: (() => Promise<void>) | undefined
  const acquire = async (): Promise<void> => {
    // A trigger that cannot be for this run is refused now.
    run.isDue(options.when)
    release = await store.acquire()
  }
  run.subscribe(train.configuration.start, acquire)
  run.subscribe(inference.configuration.start, acquire)
  run.subscribe(evaluate.post, ({ values }) => {
    saves.metrics = values
  })
  followTraining({ run, options, store, saves })
  followInference({ run, options, store, saves })
  return async () => {
    await saves.end()
    await release?.()
  }
}

function followTraining(followed: Followed): void {
  const { run, options, saves } = followed
  let isReady = false
  run.subscribe(train.configuration.model_stages, ({ model }) => {
    saves.model = topologyOf(model)
  })
  run.subscribe(train.restore, (context) => restore(followed, 'train', context))
  run.subscribe(train.ready, () => {
    isReady = true
  })
  run.subscribe(train.checkpoint, (context) => save(followed, context, context.isWithinStep))
  run.subscribe(train.finished, () => saves.settle())
  run.subscribe(train.stopped, () => saves.settle())
  run.subscribe(train.failed, async (context) => {
    await saves.settle().catch((error) => run.warn(messageOf(error)))
    // Before, there is nothing to go on from; and ranks fail at different places, where they would not meet again.
    if (isReady && options.onFailure && run.distributed.worldSize === 1) await saveFailed(followed, context)
  })
}

function followInference(followed: Followed): void {
  const { run, saves } = followed
  run.subscribe(inference.restore, (context) => restore(followed, 'inference', context))
  run.subscribe(inference.checkpoint, (context) => save(followed, context, false))
  for (const end of [inference.finished, inference.stopped, inference.failed]) {
    run.subscribe(end, () => saves.settle())
  }
}

/** What both `restore` events hand out. */
interface Restoring<One extends Kind> {
  restore(state: CheckpointOf<One>['state']): Promise<void>
  agree(value: number): Promise<number>
}

async function restore<One extends Kind>(
  { run, options, store, saves }: Followed,
  kind: One,
  context: Restoring<One>,
): Promise<void> {
  const { distributed } = run
  const beginning = await resume({
    kind,
    rank: distributed.rank,
    worldSize: distributed.worldSize,
    store,
    from: options.resume,
    reached: run.progress.step,
    restore: (state) => context.restore(state),
    agree: (value) => context.agree(value),
    checkElsewhere: () => checkWorldSize(options.store, distributed),
    reject({ message, location, reason }) {
      run.warn(message)
      return run.trigger(events.rejected, Object.freeze({ distributed, location, reason }))
    },
  })
  saves.begin(beginning)
}

function save(
  { run, options, saves }: Followed,
  context: CheckpointPreContext & Pick<Moment, 'capture'>,
  isWithinStep: boolean,
): void | Promise<void> {
  const { when, keep } = options
  // Within a step, what is due at its end is not due yet.
  const isDue = (trigger: Trigger): boolean => !isWithinStep && run.isDue(trigger)
  const pinned = keep.pinned !== undefined && isDue(keep.pinned)
  const due = [...(isDue(when) ? [when] : []), ...(pinned ? [keep.pinned] : [])].map(describeTrigger)
  const reasons = [...due, ...context.requests.map(describeRequest)]
  const isSaved = !isWithinStep && saves.has(context.step)
  if (reasons.length === 0 || isSaved) return run.progress.last ? saves.settle() : saves.check()
  return take({ run, saves }, { ...context, reasons, pinned })
}

/** At the end nothing goes on beside the run any more: it is waited for. */
async function take({ run, saves }: Pick<Followed, 'run' | 'saves'>, moment: Moment): Promise<void> {
  await saves.take(moment)
  if (run.progress.last) await saves.settle()
}

function describeRequest({ reason, requestedBy }: Request): string {
  return `${reason} (${requestedBy})`
}

async function saveFailed({ run, saves }: Followed, { progress, at, capture }: FailedContext): Promise<void> {
  const moment = { step: progress.step, requests: [], reasons: [`failed at ${at}`], pinned: false, capture }
  try {
    await saves.take(moment)
    await saves.settle()
  } catch (error) {
    run.warn(`the run that failed is not saved: ${messageOf(error)}`)
  }
}
