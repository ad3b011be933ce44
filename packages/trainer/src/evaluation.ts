import { type EvaluateContext, evaluate, type Outputs, type Progress, type Values } from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import type { Evaluated, Session } from './backend.ts'
import type { Data } from './data.ts'
import { type DataLoader, type Fetched, isDataset, openDataLoader } from './data-loader.ts'
import type { Means } from './means.ts'
import type { ProcessGroup } from './process-group.ts'
import type { StepCursor } from './step-cursor.ts'
import type { Telling } from './telling.ts'

export interface EvaluationOptions {
  readonly session: Session
  readonly data: Data
  /** Samples in a batch of one rank. */
  readonly batchSize: number
  readonly seed: number
  readonly group: ProcessGroup
  readonly context: Omit<EvaluateContext, 'batches' | 'progress'>
  readonly progress: () => Progress
  /** What the batches add up. One that was interrupted goes on behind those that are in it. */
  readonly means: Means
  /** How far the step has come, the evaluation in it. */
  readonly cursor: StepCursor
  readonly tell: Telling['tell']
  /** Does what was asked for at once, before an event; ends the evaluation by throwing, where the run is to end. */
  readonly poll: (next: Event<object>) => void | Promise<void>
  /** Counts a host sync. */
  readonly onHostSync: () => void
}

/** The means of loss and metrics over all samples of all ranks. */
export async function runEvaluation(options: EvaluationOptions): Promise<Values> {
  const loader = openEvaluationData(options)
  try {
    return await evaluateAll(options, loader)
  } finally {
    await options.means.released()
    await loader.close()
  }
}

async function evaluateAll(options: EvaluationOptions, loader: DataLoader): Promise<Values> {
  const { group, batchSize, means, cursor, tell } = options
  const { samplesPerEpoch } = loader
  const batches = samplesPerEpoch && Math.ceil(samplesPerEpoch / (batchSize * group.worldSize))
  const context = Object.freeze({ ...options.context, batches, progress: options.progress() })
  if (cursor.reach(evaluate.pre)) await tell(evaluate.pre, () => context)
  if (!cursor.isPast(evaluate.step.post)) await evaluateBatches(options, loader, context)
  const values = await means.reduce(group)
  cursor.reach(evaluate.post)
  await tell(evaluate.post, () => ({ ...context, progress: options.progress(), values }))
  return values
}

async function evaluateBatches(
  options: EvaluationOptions,
  loader: DataLoader,
  context: EvaluateContext,
): Promise<void> {
  const { means, cursor } = options
  const first = cursor.firstRound(means.batches, evaluate.step.post)
  await skip(loader, first - 1, options)
  for (let batch = first; await hasBatch(options, loader); batch++) {
    const fetched = await loader.take()
    if (fetched !== undefined) await evaluateBatch(options, { ...context, batch }, fetched)
    else if (means.batches < batch) means.skip()
    cursor.reach(evaluate.step.post)
  }
}

/** Whether there is another batch: at the same time the moment for what was asked for at once. */
async function hasBatch({ cursor, poll }: EvaluationOptions, loader: DataLoader): Promise<boolean> {
  // It was there, and the moment has passed, before the evaluation was interrupted.
  if (cursor.isCatchingUp) return true
  if (!(await loader.hasMore())) return false
  await poll(evaluate.step.pre)
  return true
}

/** Passes by batches that are done. @throws RangeError where the data has not as many. */
async function skip(
  loader: DataLoader,
  batches: number,
  { data, batchSize, group }: EvaluationOptions,
): Promise<void> {
  if (batches === 0) return
  const samples = isDataset(data) ? Math.min(batches * batchSize * group.worldSize, data.length) : 0
  if (isDataset(data) && (batches - 1) * batchSize * group.worldSize >= data.length) {
    throw new RangeError(
      `data to evaluate on has ${data.length} samples; the saved run had done ${batches} batches of it`,
    )
  }
  await loader.seek({ epoch: 1, samples, batches, ...(isDataset(data) && { length: data.length }) })
}

async function evaluateBatch(
  { session, means, cursor, tell, onHostSync }: EvaluationOptions,
  context: EvaluateContext & { readonly batch: number },
  { batch: data, size }: Fetched,
): Promise<void> {
  let evaluated: Evaluated | undefined
  const outputs = async (): Promise<Outputs> => {
    if (evaluated === undefined) throw new Error('outputs() is known at evaluate.step.post only')
    onHostSync()
    return evaluated.outputs()
  }
  const make = () => ({ ...context, size, data, outputs })
  if (cursor.reach(evaluate.step.pre)) await tell(evaluate.step.pre, make)
  const done = session.evaluate(data)
  evaluated = done
  try {
    if (means.batches < context.batch) await means.add(done.values(), size)
    cursor.reach(evaluate.step.post)
    await tell(evaluate.step.post, make)
  } finally {
    evaluated = undefined
    means.whenRead(() => done.dispose())
  }
}

function openEvaluationData({ data, batchSize, seed, group }: EvaluationOptions): DataLoader {
  if (isDataset(data) && data.length < group.worldSize) {
    throw new RangeError(
      `data to evaluate on has ${data.length} samples for ${group.worldSize} ranks: give each at least one`,
    )
  }
  return openDataLoader(data, { batchSize, seed, group, shuffle: false, multipleOf: 1, prefetch: 1 })
}
