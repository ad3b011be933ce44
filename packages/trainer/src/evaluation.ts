import { type EvaluateContext, evaluate, type Outputs, type Progress, type Values } from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import type { Evaluated, Session } from './backend.ts'
import type { Data } from './data.ts'
import { type DataLoader, type Fetched, isDataset, openDataLoader } from './data-loader.ts'
import type { ProcessGroup } from './process-group.ts'

/** Delivers an event with the context that `make` makes, unless nobody listens. */
export type Tell = <Context extends object>(
  event: Event<Context>,
  make: () => Context,
) => void | Promise<void>

export interface EvaluationOptions {
  readonly session: Session
  readonly data: Data
  /** Samples in a batch of one rank. */
  readonly batchSize: number
  readonly seed: number
  readonly group: ProcessGroup
  readonly context: Omit<EvaluateContext, 'batches' | 'progress'>
  readonly progress: () => Progress
  readonly tell: Tell
  /** Ends the evaluation by throwing, where the run is to end at once. */
  readonly poll: () => void | Promise<void>
  /** Counts a host sync. */
  readonly onHostSync: () => void
}

/** The means of loss and metrics over all samples of all ranks. */
export async function runEvaluation(options: EvaluationOptions): Promise<Values> {
  const loader = openEvaluationData(options)
  const means = new Means(options.session.readbackLag)
  try {
    return await evaluateAll(options, loader, means)
  } finally {
    await means.released()
    await loader.close()
  }
}

async function evaluateAll(options: EvaluationOptions, loader: DataLoader, means: Means): Promise<Values> {
  const { group, batchSize, tell, poll } = options
  const { samplesPerEpoch } = loader
  const batches = samplesPerEpoch && Math.ceil(samplesPerEpoch / (batchSize * group.worldSize))
  const context = Object.freeze({ ...options.context, batches, progress: options.progress() })
  await tell(evaluate.pre, () => context)
  for (let batch = 1; await loader.hasMore(); batch++) {
    await poll()
    const fetched = await loader.take()
    if (fetched !== undefined) await evaluateBatch(options, { ...context, batch }, fetched, means)
  }
  const values = await means.reduce(group)
  await tell(evaluate.post, () => ({ ...context, progress: options.progress(), values }))
  return values
}

async function evaluateBatch(
  { session, tell, onHostSync }: EvaluationOptions,
  context: EvaluateContext & { readonly batch: number },
  { batch: data, size }: Fetched,
  means: Means,
): Promise<void> {
  let evaluated: Evaluated | undefined
  const outputs = async (): Promise<Outputs> => {
    if (evaluated === undefined) throw new Error('outputs() is known at evaluate.step.post only')
    onHostSync()
    return evaluated.outputs()
  }
  const make = () => ({ ...context, size, data, outputs })
  await tell(evaluate.step.pre, make)
  const done = session.evaluate(data)
  evaluated = done
  try {
    await means.add(done.values(), size)
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

/** Sums values by name, each weighted by its number of samples, in the order of the batches. */
class Means {
  private readonly lag: number
  private readonly sums = new Map<string, number>()
  private samples = 0
  /** Sums that wait for the device, the oldest first. */
  private readonly late: Promise<void>[] = []
  private last: Promise<void> | undefined
  private readonly releasing: Promise<void>[] = []

  constructor(lag: number) {
    this.lag = lag
  }

  /** Adds a batch's values. Waits only for those of so many batches ago as the device is late. */
  async add(values: Values | Promise<Values>, size: number): Promise<void> {
    if (!(values instanceof Promise)) return this.sum(values, size)
    // One after the other: sums of floating-point numbers depend on their order.
    const summed = Promise.all([values, this.last]).then(([read]) => this.sum(read, size))
    // Its failure is met where it is awaited.
    summed.catch(() => {})
    this.last = summed
    this.late.push(summed)
    if (this.late.length > this.lag) await this.late.shift()
  }

  /** Calls `release` once what was added is read, or could not be. */
  whenRead(release: () => void): void {
    if (this.last === undefined) release()
    else this.releasing.push(this.last.then(release, release))
  }

  /** Waits for all that was to be released. */
  async released(): Promise<void> {
    await Promise.all(this.releasing)
  }

  async reduce(group: ProcessGroup): Promise<Values> {
    await this.last
    const totals = Float64Array.of(this.samples, ...this.sums.values())
    await group.allReduce(totals, 'sum')
    const [samples = 0, ...sums] = totals
    return Object.freeze(
      Object.fromEntries([...this.sums.keys()].map((name, at) => [name, (sums[at] as number) / samples])),
    )
  }

  private sum(values: Values, size: number): void {
    this.samples += size
    for (const [name, value] of Object.entries(values)) {
      this.sums.set(name, (this.sums.get(name) ?? 0) + value * size)
    }
  }
}
