import type { NamedArrays, SessionState } from '@hookstep/catalogue'
import type { Backend, LazyScalar, Session } from '@hookstep/trainer'
import { noise } from './noise.ts'

/** A backend that learns nothing: all it has is a state of so many megabytes, a third of it parameters, to be copied. */
export class GivenState {
  /** When it was copied last, of `performance.now()`. */
  copiedAt = Number.NaN
  /** Bytes of the process's memory before it was copied for the first time. */
  memoryBefore = Number.NaN
  readonly backend: Backend = { name: 'given', open: () => this.session() }
  private readonly parameters: NamedArrays
  private readonly slots: NamedArrays

  constructor(megabytes: number) {
    this.parameters = layers('kernel', megabytes / 3)
    this.slots = { ...layers('kernel/m', megabytes / 3), ...layers('kernel/v', megabytes / 3) }
  }

  private copy(): SessionState {
    if (Number.isNaN(this.memoryBefore)) this.memoryBefore = process.memoryUsage.rss()
    const state = { parameters: copied(this.parameters), slots: copied(this.slots), counters: {} }
    this.copiedAt = performance.now()
    return state
  }

  private session(): Session {
    const none: LazyScalar = { read: () => 0, dispose() {} }
    return {
      model: undefined,
      optimizer: undefined,
      parameterCount: 0,
      metricNames: [],
      readbackLag: 0,
      forwardBackward() {},
      loss: () => none,
      metrics: () => ({}),
      clipGradients: () => none,
      readGradients: () => new Float32Array(0),
      writeGradients() {},
      optimizerStep() {},
      zeroGradients() {},
      evaluate() {
        throw new Error('there is nothing to evaluate')
      },
      predict() {
        throw new Error('there is nothing to predict')
      },
      save: () => this.copy(),
      load() {},
      memory: () => ({ tensors: 0, bytes: 0 }),
      close() {},
    }
  }
}

/** As a network has them: few that are large. */
function layers(name: string, megabytes: number): NamedArrays {
  const parts = [0.5, 0.3, 0.15, 0.05]
  return Object.fromEntries(
    parts.map((part, index) => {
      const data = new Float32Array(noise(4 * Math.round((part * megabytes * 1e6) / 4)).buffer)
      return [`layer-${index}/${name}`, { data, shape: [data.length] }]
    }),
  )
}

function copied(arrays: NamedArrays): NamedArrays {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { data, shape }]) => [name, { data: data.slice(), shape }]),
  )
}
