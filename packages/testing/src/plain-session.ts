import type {
  Batch,
  Evaluated,
  LazyScalar,
  Memory,
  NamedArrays,
  NdArray,
  Outputs,
  Random,
  Session,
  SessionOptions,
  SessionState,
  Values,
} from '@hookstep/trainer'
import { random } from '@hookstep/trainer'
import type { Dense } from './dense.ts'
import { Handle, type Ledger } from './handles.ts'
import { named } from './layout.ts'
import type { Loss } from './losses.ts'
import { copyOf, misfit } from './named-arrays.ts'
import { Network } from './network.ts'
import { arrayOf, checkTargets, countSamples } from './plain-batch.ts'

/** A task with all of its options resolved. */
export interface ResolvedTask {
  readonly layers: readonly number[]
  readonly loss: Loss
  readonly momentum: number
  readonly inputNoise: number
  readonly readbackLag: number
}

/** The live model of a plain session. */
export interface PlainModel {
  readonly layers: readonly Dense[]
  readonly parameters: NamedArrays
}

/** The live optimizer of a plain session: stochastic gradient descent. */
export interface PlainOptimizer {
  readonly momentum: number
  /** By `<parameter>/momentum`. */
  readonly slots: NamedArrays
}

/** What decides the next step, besides parameters and slots. */
interface Counters {
  readonly seed: number
  readonly microbatches: number
}

/** A small network in plain arrays. A step of a few parameters takes less than a microsecond. */
export class PlainSession implements Session {
  readonly model: PlainModel
  readonly optimizer: PlainOptimizer
  readonly parameterCount: number
  readonly readbackLag: number
  readonly metricNames: readonly string[]

  private readonly task: ResolvedTask
  private readonly rank: number
  private readonly network: Network
  /** Empty where there is no momentum. */
  private readonly velocities: Float32Array

  /** The loss and the metric of the step under way. */
  private readonly sums = new Float64Array(2)
  /** The same and the gradients, as a state holds them. */
  private readonly accumulated: NamedArrays
  /** Whether there is anything in them. */
  private isAccumulating = false
  private seed: number
  private microbatches = 0
  private closed = false
  private readonly handles: Ledger = { live: 0 }

  constructor(task: ResolvedTask, { seed, distributed }: SessionOptions) {
    const { layers, momentum, readbackLag } = task
    this.task = task
    this.rank = distributed.rank
    this.seed = seed
    this.readbackLag = readbackLag
    this.metricNames = [task.loss.metric]
    this.network = new Network(layers, random(seed, 'parameters'))
    this.parameterCount = this.network.parameters.length
    this.velocities = new Float32Array(momentum > 0 ? this.parameterCount : 0)
    this.model = { layers: this.network.layers, parameters: named(layers, this.network.parameters) }
    this.accumulated = {
      ...named(layers, this.network.gradients, '/gradient'),
      sums: { data: new Uint8Array(this.sums.buffer), shape: [this.sums.byteLength] },
    }
    this.optimizer = { momentum, slots: momentum > 0 ? named(layers, this.velocities, '/momentum') : {} }
  }

  forwardBackward(batch: Batch, weight: number, metrics: boolean): void {
    const size = this.check(batch)
    const noise = this.task.inputNoise > 0 ? this.noise() : undefined
    const share = weight / size
    this.isAccumulating = true
    let { 0: lossSum = 0, 1: metricSum = 0 } = this.sums
    this.pass(batch, size, noise, metrics, (loss, metric) => {
      lossSum += loss * share
      metricSum += metric * share
      this.network.backward(share)
    })
    this.sums[0] = lossSum
    this.sums[1] = metricSum
    this.microbatches++
  }

  loss(): LazyScalar {
    return this.handle(this.sums[0] as number)
  }

  metrics(): Readonly<Record<string, LazyScalar>> {
    return { [this.task.loss.metric]: this.handle(this.sums[1] as number) }
  }

  clipGradients(maxNorm: number): LazyScalar {
    let squares = 0
    for (const gradient of this.network.gradients) squares += gradient * gradient
    const norm = Math.sqrt(squares)
    if (norm > maxNorm) multiply(this.network.gradients, maxNorm / norm)
    return this.handle(norm)
  }

  readGradients(): Float32Array {
    this.checkOpen()
    return this.network.gradients.slice()
  }

  writeGradients(gradients: Float32Array): void {
    this.checkOpen()
    if (gradients.length !== this.parameterCount) {
      throw new RangeError(
        `writeGradients: ${gradients.length} numbers for ${this.parameterCount} parameters`,
      )
    }
    this.isAccumulating = true
    this.network.gradients.set(gradients)
  }

  optimizerStep(learningRate: number): void {
    this.checkOpen()
    const { velocities } = this
    const { parameters, gradients } = this.network
    const { momentum } = this.task
    for (let i = 0; i < parameters.length; i++) {
      let update = gradients[i] as number
      if (momentum > 0) {
        update += momentum * (velocities[i] as number)
        velocities[i] = update
      }
      parameters[i] = (parameters[i] as number) - learningRate * update
    }
  }

  zeroGradients(): void {
    this.network.gradients.fill(0)
    this.sums.fill(0)
    this.isAccumulating = false
  }

  evaluate(batch: Batch): Evaluated {
    const size = this.check(batch)
    const outputs = this.emptyOutputs(size)
    let lossSum = 0
    let metricSum = 0
    this.pass(batch, size, undefined, true, (loss, metric, sample) => {
      lossSum += loss
      metricSum += metric
      outputs.data.set(this.network.outputs, sample * this.network.outputs.length)
    })
    return this.evaluated({ loss: lossSum / size, [this.task.loss.metric]: metricSum / size }, outputs)
  }

  private evaluated(values: Values, outputs: Outputs): Evaluated {
    const handle = this.handle(0)
    const readable = <Value>(value: Value): Value | Promise<Value> => {
      const read = handle.read()
      return typeof read === 'number' ? value : read.then(() => value)
    }
    return {
      values: () => readable(values),
      outputs: () => readable(outputs),
      dispose: () => handle.dispose(),
    }
  }

  predict(batch: Batch): Outputs {
    this.checkOpen()
    const inputs = arrayOf(batch, 'inputs')
    const size = countSamples(inputs, this.network.inputs.length)
    const outputs = this.emptyOutputs(size)
    for (let sample = 0; sample < size; sample++) {
      this.network.enter(inputs.data, sample, 0, undefined)
      this.network.forward()
      outputs.data.set(this.network.outputs, sample * this.network.outputs.length)
    }
    return outputs
  }

  save(): SessionState {
    this.checkOpen()
    const { seed, microbatches } = this
    return {
      parameters: copyOf(this.model.parameters),
      slots: copyOf(this.optimizer.slots),
      counters: { seed, microbatches },
      ...(this.isAccumulating && { accumulated: copyOf(this.accumulated) }),
    }
  }

  load({ parameters, slots, counters, accumulated = {} }: SessionState): void {
    this.checkOpen()
    const isWithinStep = Object.keys(accumulated).length > 0
    const reason =
      misfit('parameter', this.model.parameters, parameters) ??
      misfit('slot', this.optimizer.slots, slots) ??
      (isWithinStep ? misfit('accumulated array', this.accumulated, accumulated) : undefined)
    if (reason !== undefined) throw new Error(`the saved state does not fit the model: ${reason}`)
    const { seed, microbatches } = checkCounters(counters)
    fill(this.model.parameters, parameters)
    fill(this.optimizer.slots, slots)
    this.zeroGradients()
    if (isWithinStep) fill(this.accumulated, accumulated)
    this.isAccumulating = isWithinStep
    this.seed = seed
    this.microbatches = microbatches
  }

  memory(): Memory {
    const arrays = this.closed ? [] : [this.network.parameters, this.network.gradients, this.velocities]
    const bytes = arrays.reduce((sum, { byteLength }) => sum + byteLength, 0)
    return { tensors: arrays.length + this.handles.live, bytes: bytes + 8 * this.handles.live }
  }

  close(): void {
    this.closed = true
  }

  /** Passes each sample forward and hands on its loss and metric; the outputs' deltas stand then. */
  private pass(
    batch: Batch,
    size: number,
    noise: Random | undefined,
    metrics: boolean,
    receive: (loss: number, metric: number, sample: number) => void,
  ): void {
    const { network, task } = this
    const [inputs, targets] = [arrayOf(batch, 'inputs').data, arrayOf(batch, 'targets').data]
    const width = this.targetWidth
    for (let sample = 0; sample < size; sample++) {
      network.enter(inputs, sample, task.inputNoise, noise)
      network.forward()
      const loss = task.loss.loss(network.outputs, targets, sample * width, network.outputDeltas)
      const metric = metrics ? task.loss.measure(network.outputs, targets, sample * width) : 0
      receive(loss, metric, sample)
    }
  }

  private get targetWidth(): number {
    return this.task.loss.targetWidth(this.network.outputs.length)
  }

  /** Says how many samples a batch with targets has. */
  private check(batch: Batch): number {
    this.checkOpen()
    const size = countSamples(arrayOf(batch, 'inputs'), this.network.inputs.length)
    checkTargets(arrayOf(batch, 'targets'), size, this.targetWidth)
    return size
  }

  private emptyOutputs(size: number): { data: Float32Array; shape: readonly number[] } {
    const width = this.network.outputs.length
    return { data: new Float32Array(size * width), shape: [size, width] }
  }

  /** Depends on nothing but what is saved, so that a resumed run draws the same. */
  private noise(): Random {
    return random(this.seed, 'noise', this.rank, this.microbatches)
  }

  private handle(value: number): Handle {
    this.checkOpen()
    return new Handle(value, this.readbackLag > 0, this.handles)
  }

  private checkOpen(): void {
    if (this.closed) throw new Error('the session is closed')
  }
}

function checkCounters(counters: unknown): Counters {
  const { seed, microbatches } = (counters ?? {}) as Partial<Counters>
  if (typeof seed !== 'number' || typeof microbatches !== 'number') {
    throw new Error(
      `the saved counters are ${JSON.stringify(counters)}, they must hold seed and microbatches`,
    )
  }
  return { seed, microbatches }
}

function multiply(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * factor
}

/** Names, shapes and types are known to agree. */
function fill(arrays: NamedArrays, from: NamedArrays): void {
  for (const [name, { data }] of Object.entries(arrays)) data.set((from[name] as NdArray).data)
}
