import type { Backend, Batch, NamedArrays, NdArray, Random, Session, SessionState } from '@hookstep/trainer'
import { random } from '@hookstep/trainer'
import { ensureEqual, ensureSameArrays } from '../ensure.ts'

/** A backend to be tested, and data for its task. */
export interface BackendSubject {
  /** Makes the backend with its task. */
  readonly backend: () => Backend
  /** A batch of `size` samples that the task can learn; the same for the same random numbers. */
  readonly batch: (random: Random, size: number) => Batch
  /** At which the task learns. Default 0.01. */
  readonly learningRate?: number
  /** Largest relative difference between sums that are added in another order. Default 0.0001. */
  readonly tolerance?: number
  /** Whether the backend computes the same bits each time. Default true. */
  readonly exact?: boolean
  /**
   * Whether the gradients of a batch are the mean of those of its samples. With dropout, or with batch
   * normalisation, they are not, and what compares them is left out. Default true.
   */
  readonly samplewise?: boolean
}

/** Promises by their sentences. */
export type Promises = Readonly<Record<string, (trial: Trial) => Promise<void>>>

/** What a batch gave. */
export interface Passed {
  readonly gradients: Float32Array
  /** The loss and the metrics. */
  readonly values: Readonly<Record<string, number>>
}

/** One case under way. Has one session open at a time: some backends have one engine per process. */
export class Trial {
  readonly learningRate: number
  /** Between sums that are added in another order. */
  readonly tolerance: number
  /** Between computations that are the same. */
  readonly repeated: number
  private readonly subject: BackendSubject
  private session: Session | undefined

  constructor(subject: BackendSubject) {
    this.subject = subject
    this.learningRate = subject.learningRate ?? 0.01
    this.tolerance = subject.tolerance ?? 1e-4
    this.repeated = subject.exact === false ? this.tolerance : 0
  }

  get backendName(): string {
    return this.subject.backend().name
  }

  /** Opens a new session, and closes the one before. */
  async open(seed: number = 1): Promise<Session> {
    await this.close()
    const distributed = { rank: 0, worldSize: 1, localRank: 0, isMain: true, isLocalMain: true }
    const session = await this.subject.backend().open({ seed, distributed })
    this.session = session
    return session
  }

  async close(): Promise<void> {
    const { session } = this
    this.session = undefined
    await session?.close()
  }

  /** The same samples for the same size and key. */
  batch(size: number, key: number = 0): Batch {
    return this.subject.batch(random(7, 'contract', key), size)
  }

  /** One step on one batch. */
  async step(session: Session, batch: Batch, learningRate: number = this.learningRate): Promise<void> {
    await session.forwardBackward(batch, 1, false)
    await session.optimizerStep(learningRate)
    session.zeroGradients()
  }

  /** Steps on a batch of their own each: those of the numbers `first` to `last`. */
  async steps(session: Session, first: number, last: number): Promise<void> {
    for (let key = first; key <= last; key++) await this.step(session, this.batch(4, key))
  }

  /** The gradients, loss and metrics of batches, without an update. */
  async pass(session: Session, weighted: readonly (readonly [Batch, number])[]): Promise<Passed> {
    for (const [batch, weight] of weighted) await session.forwardBackward(batch, weight, true)
    const passed = await read(session)
    session.zeroGradients()
    return passed
  }

  /** Both states must go on alike. */
  ensureSame(actual: SessionState, expected: SessionState, what: string): void {
    ensureSameArrays(actual.parameters, expected.parameters, this.repeated, `${what}: parameters`)
    ensureSameArrays(actual.slots, expected.slots, this.repeated, `${what}: slots`)
    const [added, expectedToAdd] = [actual.accumulated ?? {}, expected.accumulated ?? {}]
    ensureSameArrays(added, expectedToAdd, this.repeated, `${what}: accumulated arrays`)
    ensureEqual(actual.counters, expected.counters, `${what}: counters`)
  }
}

/** Reads what has been gathered since the last `zeroGradients`. */
export async function read(session: Session): Promise<Passed> {
  const handles = Object.entries({ loss: session.loss(), ...session.metrics() })
  const values: Record<string, number> = {}
  for (const [name, handle] of handles) {
    values[name] = await handle.read()
    handle.dispose()
  }
  return { gradients: Float32Array.from(await session.readGradients()), values }
}

/** The mean loss and the metrics of a batch. */
export async function evaluate(session: Session, batch: Batch): Promise<Readonly<Record<string, number>>> {
  const evaluated = session.evaluate(batch)
  const values = await evaluated.values()
  evaluated.dispose()
  return values
}

/** Some samples of a batch. */
export function samples(batch: Batch, from: number, to: number): Batch {
  const parts = Object.entries(batch).map(([name, { data, shape }]) => {
    const width = data.length / (shape[0] as number)
    return [name, { data: data.slice(from * width, to * width), shape: [to - from, ...shape.slice(1)] }]
  })
  return Object.fromEntries(parts)
}

/** All parameters in one array, in their order: as the gradients come. */
export function flat(arrays: NamedArrays): Float32Array {
  return Float32Array.from(Object.values(arrays).flatMap(({ data }: NdArray) => [...data]))
}

/** The Euclidean norm. */
export function norm(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0))
}
