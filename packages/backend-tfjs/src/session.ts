import type {
  Batch,
  Evaluated,
  LazyScalar,
  Memory,
  NamedArrays,
  Outputs,
  Session,
  SessionState,
} from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import { type Accumulated, checkAccumulated, loadAccumulated, saveAccumulated } from './accumulated.ts'
import { gradientsOf } from './backward.ts'
import { upload } from './batch.ts'
import { checkCounters } from './counters.ts'
import { DeviceNumber } from './device-number.ts'
import { checkActive } from './engine.ts'
import { evaluated, readOutputs } from './evaluated.ts'
import { Forward } from './forward.ts'
import { Gradients } from './gradients.ts'
import type { Learner } from './learner.ts'
import type { ResolvedLoss } from './losses.ts'
import type { ResolvedMetrics } from './metrics.ts'
import type { Optimizer } from './optimizers/optimizer.ts'
import { OptimizerState } from './optimizers/state.ts'
import { type NamedTensor, namedTensor } from './parameters.ts'
import { after, type Readback } from './readback.ts'
import { checkArrays, loadTensors, saveTensors } from './saved.ts'
import { lazyScalar, WeightedSums } from './scalars.ts'
import { stream, withRandom } from './seeded-random.ts'

/** What a session is made of. */
export interface SessionParts {
  readonly learner: Learner
  readonly loss: ResolvedLoss
  readonly metrics: ResolvedMetrics
  readonly optimizer: Optimizer
  readonly engine: string
  readonly readback: Readback
  readonly readbackLag: number
  readonly seed: number
  readonly rank: number
  /** Releases what was made besides, when the session closes. */
  release(): void
}

/** A task on an engine of TensorFlow.js. A verb leaves nothing behind but what the session holds. */
export class TfjsSession implements Session {
  readonly model: unknown
  readonly optimizer: unknown
  readonly parameterCount: number
  readonly readbackLag: number
  readonly metricNames: readonly string[]
  readonly #parts: SessionParts
  readonly #forward: Forward
  readonly #slots: OptimizerState
  readonly #gradients: Gradients
  readonly #sums = new WeightedSums()
  readonly #weight = new DeviceNumber()
  #seed: number
  /** Every pass draws random numbers of its own, for dropout and the like. */
  #passes = 0
  #closed = false

  constructor(parts: SessionParts) {
    const { learner, optimizer, engine, seed } = parts
    this.#parts = parts
    this.model = learner.model
    this.optimizer = optimizer
    this.parameterCount = learner.parameters.reduce((sum, { variable }) => sum + variable.size, 0)
    this.readbackLag = parts.readbackLag
    this.metricNames = parts.metrics.map(([name]) => name)
    this.#forward = new Forward(learner, parts.loss, parts.metrics)
    this.#slots = new OptimizerState(optimizer, learner.parameters, engine)
    this.#gradients = new Gradients(learner.parameters)
    this.#seed = seed
  }

  forwardBackward(batch: Batch, weight: number, metrics: boolean): void {
    this.#checkUsable()
    const weightTensor = this.#weight.set(weight)
    const random = stream(this.#seed, 'pass', this.#parts.rank, this.#passes)
    const passed = withRandom(random, () => tf.tidy(() => this.#pass(batch, weightTensor, metrics)))
    this.#passes += 1
    this.#gradients.add(passed.gradients)
    for (const [name, value] of passed.numbers) this.#sums.add(name, value, weight)
  }

  loss(): LazyScalar {
    return this.#sums.handle('loss', this.#parts.readback)
  }

  metrics(): Readonly<Record<string, LazyScalar>> {
    const names = this.#sums.names.filter((name) => name !== 'loss')
    return Object.fromEntries(names.map((name) => [name, this.#sums.handle(name, this.#parts.readback)]))
  }

  clipGradients(maxNorm: number): LazyScalar {
    this.#checkUsable()
    return lazyScalar(this.#gradients.clip(maxNorm), this.#parts.readback)
  }

  readGradients(): Float32Array | Promise<Float32Array> {
    this.#checkUsable()
    return this.#gradients.read(this.#parts.readback)
  }

  writeGradients(gradients: Float32Array): void {
    this.#checkUsable()
    this.#gradients.write(gradients)
  }

  optimizerStep(learningRate: number): void {
    this.#checkUsable()
    this.#slots.update(this.#gradients.tensors, learningRate)
  }

  zeroGradients(): void {
    this.#gradients.clear()
    this.#sums.clear()
  }

  evaluate(batch: Batch): Evaluated {
    this.#checkUsable()
    const random = stream(this.#seed, 'evaluation')
    const { learner, readback } = this.#parts
    const { outputs, numbers } = withRandom(random, () =>
      tf.tidy(() => {
        const tensors = upload(batch, learner.inputs, 'with targets')
        const outputs = tf.clone(this.#forward.outputs(tensors, false))
        const loss = this.#forward.loss(batch, tensors, outputs)
        const metrics = this.#forward.metrics(tensors, outputs)
        return { outputs, numbers: [['loss', loss] as [string, tf.Scalar], ...metrics] }
      }),
    )
    return evaluated(outputs, numbers, readback)
  }

  predict(batch: Batch): Outputs | Promise<Outputs> {
    this.#checkUsable()
    const random = stream(this.#seed, 'evaluation')
    const { learner, readback } = this.#parts
    const outputs = withRandom(random, () =>
      tf.tidy(() => {
        const tensors = upload(batch, learner.inputs, 'inputs only')
        return tf.clone(this.#forward.outputs(tensors, false))
      }),
    )
    return after(readOutputs(outputs, readback), (read) => {
      outputs.dispose()
      return read
    })
  }

  save(): SessionState | Promise<SessionState> {
    this.#checkUsable()
    const { readback } = this.#parts
    const seed = this.#seed
    const passes = this.#passes
    const parameters = saveTensors(this.#weights(), readback)
    const slots = saveTensors(this.#slots.perParameter(), readback)
    const perStep = saveTensors(this.#slots.perStep(), readback)
    const accumulated = saveAccumulated(this.#accumulated, readback)
    return after(all([parameters, slots, perStep, accumulated]), (saved) => {
      const [parameters, slots, perStep, accumulated] = saved as [
        NamedArrays,
        NamedArrays,
        NamedArrays,
        NamedArrays,
      ]
      const counters = { seed, passes, optimizer: numbersOf(perStep) }
      return { parameters, slots, counters, ...(isEmpty(accumulated) ? {} : { accumulated }) }
    })
  }

  load(state: SessionState): void {
    this.#checkUsable()
    const { accumulated = {} } = state
    const perStep = this.#slots.perStep()
    checkArrays('parameter', this.#weights(), state.parameters)
    checkArrays('slot', this.#slots.perParameter(), state.slots)
    const counters = checkCounters(
      state.counters,
      perStep.map(({ name }) => name),
    )
    if (!isEmpty(accumulated)) {
      checkAccumulated(accumulated, this.#gradients.expected(), ['loss', ...this.metricNames])
    }
    loadTensors(this.#weights(), state.parameters)
    loadTensors(this.#slots.perParameter(), state.slots)
    loadTensors(perStep, arraysOf(counters.optimizer))
    this.zeroGradients()
    if (!isEmpty(accumulated)) loadAccumulated(this.#accumulated, accumulated)
    this.#seed = counters.seed
    this.#passes = counters.passes
  }

  memory(): Memory {
    if (this.#closed) return { tensors: 0, bytes: 0 }
    const tensors = [
      ...this.#weights().map((named) => named.read()),
      ...this.#slots.tensors(),
      ...this.#gradients.held(),
      ...this.#sums.held().map(([, { tensor }]) => tensor),
      ...this.#weight.held(),
    ]
    return { tensors: tensors.length, bytes: tensors.reduce((sum, { size }) => sum + 4 * size, 0) }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.zeroGradients()
    this.#weight.dispose()
    this.#slots.dispose()
    this.#parts.learner.dispose()
    this.#parts.release()
  }

  #pass(batch: Batch, weight: tf.Scalar, withMetrics: boolean): Passed {
    const { learner } = this.#parts
    const tensors = upload(batch, learner.inputs, 'with targets')
    let outputs: tf.Tensor | undefined
    try {
      const { loss, gradients } = gradientsOf(
        () => {
          const computed = this.#forward.outputs(tensors, true)
          if (withMetrics) outputs = tf.keep(tf.clone(computed))
          return this.#forward.loss(batch, tensors, computed)
        },
        learner.parameters,
        weight,
      )
      const metrics = outputs === undefined ? [] : this.#forward.metrics(tensors, outputs)
      return { gradients, numbers: [['loss', loss], ...metrics] }
    } finally {
      outputs?.dispose()
    }
  }

  /** What is saved under `parameters`: what is learned first, in the order of the gradients. */
  #weights(): NamedTensor[] {
    const { parameters, statistics } = this.#parts.learner
    return [...parameters, ...statistics].map(namedTensor)
  }

  get #accumulated(): Accumulated {
    return { gradients: this.#gradients, sums: this.#sums }
  }

  #checkUsable(): void {
    if (this.#closed) throw new Error('The session is closed')
    checkActive(this.#parts.engine)
  }
}

/** What one microbatch gave. */
type Passed = {
  readonly gradients: tf.Tensor[]
  /** The loss and the metrics. */
  readonly numbers: [name: string, value: tf.Scalar][]
}

function all<Value>(values: readonly (Value | Promise<Value>)[]): Value[] | Promise<Value[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as Value[])
}

function isEmpty(arrays: NamedArrays): boolean {
  return Object.keys(arrays).length === 0
}

function numbersOf(arrays: NamedArrays): Record<string, number> {
  return Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, data[0] as number]))
}

function arraysOf(numbers: Readonly<Record<string, number>>): NamedArrays {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, { data: Float32Array.of(value), shape: [] }]),
  )
}
