import {
  adagrad,
  adam,
  adamW,
  cpu,
  lion,
  momentum,
  type Optimizer,
  rmsprop,
  sgd,
  type TaskFactory,
  tfjs,
} from '@hookstep/backend-tfjs'
import { wasm } from '@hookstep/backend-tfjs/wasm'
import type { Backend, Batch, NamedArrays, Session, SessionState } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'
import { noise } from './sessions.ts'

const shapes: Record<string, number[]> = { matrix: [7, 9], bias: [5], cube: [2, 3, 3], scalar: [] }

/** A task whose gradients are what its batches hold. */
const task =
  (optimizer: () => Optimizer): TaskFactory =>
  ({ tf }) => ({
    parameters: Object.fromEntries(
      Object.entries(shapes).map(([name, shape], index) => [name, tf.tensor(initial(name, index), shape)]),
    ),
    forward: (parameters, batch) =>
      tf.addN(
        Object.keys(shapes).map((name) =>
          tf.sum(tf.mul(parameters[name] as never, tf.squeeze(batch[name] as never, [0]))),
        ),
      ),
    loss: (_, outputs) => outputs as never,
    optimizer: optimizer(),
  })

function sizeOf(name: string): number {
  return (shapes[name] as number[]).reduce((product, size) => product * size, 1)
}

function initial(name: string, index: number): Float32Array {
  return noise(sizeOf(name), 100 + index)
}

/** The gradients of a step; some are 0, and they shrink. */
function gradientsAt(step: number): Record<string, Float32Array> {
  const entries = Object.keys(shapes).map((name, index) => {
    const values = noise(sizeOf(name), 1 + step * 7 + index)
    return [name, values.map((value, i) => ((i + step) % 11 === 0 ? 0 : value / (1 + step / 20)))]
  })
  return Object.fromEntries(entries)
}

function batchAt(step: number): Batch {
  const entries = Object.entries(gradientsAt(step)).map(([name, data]) => [
    name,
    { data, shape: [1, ...(shapes[name] as number[])] },
  ])
  return { ...Object.fromEntries(entries), targets: { data: new Float32Array(1), shape: [1] } }
}

const learningRateAt = (step: number): number => 0.02 / (1 + step / 30)

function run(session: Session, first: number, last: number): void {
  for (let step = first; step <= last; step++) {
    session.forwardBackward(batchAt(step), 1, false)
    session.optimizerStep(learningRateAt(step))
    session.zeroGradients()
  }
}

async function opened<Result>(backend: Backend, use: (session: Session) => Result): Promise<Result> {
  const distributed = { rank: 0, worldSize: 1, localRank: 0, isMain: true, isLocalMain: true }
  const session = await backend.open({ seed: 1, distributed })
  try {
    return use(session)
  } finally {
    await session.close()
  }
}

/** One element's update in double precision: written from the papers, apart from the package. */
type Reference = (p: number, g: number, lr: number, state: Record<string, number>, t: number) => number

/** Optimizers, each with a reference for parameters that decay and for those that do not. */
const cases: Record<string, { optimizer: () => Optimizer; reference: (decays: boolean) => Reference }> = {
  sgd: { optimizer: () => sgd(), reference: () => (p, g, lr) => p - lr * g },
  'sgd with weight decay': {
    optimizer: () => sgd({ weightDecay: 0.1 }),
    reference: (decays) => (p, g, lr) => p - lr * (g + (decays ? 0.1 * p : 0)),
  },
  momentum: {
    optimizer: () => momentum({ momentum: 0.8 }),
    reference: () => (p, g, lr, s) => {
      s.v = 0.8 * (s.v ?? 0) + g
      return p - lr * s.v
    },
  },
  'momentum, nesterov, weight decay': {
    optimizer: () => momentum({ nesterov: true, weightDecay: 0.05 }),
    reference: (decays) => (p, g, lr, s) => {
      const d = g + (decays ? 0.05 * p : 0)
      s.v = 0.9 * (s.v ?? 0) + d
      return p - lr * (d + 0.9 * s.v)
    },
  },
  adam: { optimizer: () => adam(), reference: () => adamReference(0.9, 0.999, 1e-8) },
  'adam with weight decay': {
    optimizer: () => adam({ beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.1 }),
    reference: (decays) => {
      const step = adamReference(0.8, 0.95, 1e-3)
      return (p, g, lr, s, t) => step(p, g + (decays ? 0.1 * p : 0), lr, s, t)
    },
  },
  adamW: {
    optimizer: () => adamW({ weightDecay: 0.3 }),
    reference: (decays) => {
      const step = adamReference(0.9, 0.999, 1e-8)
      return (p, g, lr, s, t) => step(p, g, lr, s, t) - (decays ? lr * 0.3 * p : 0)
    },
  },
  rmsprop: {
    optimizer: () => rmsprop({ epsilon: 1e-4 }),
    reference: () => (p, g, lr, s) => {
      s.v = 0.9 * (s.v ?? 0) + 0.1 * g * g
      return p - (lr * g) / (Math.sqrt(s.v) + 1e-4)
    },
  },
  'rmsprop, centered, momentum': {
    optimizer: () => rmsprop({ decay: 0.95, momentum: 0.5, centered: true, epsilon: 1e-2 }),
    reference: () => (p, g, lr, s) => {
      s.v = 0.95 * (s.v ?? 0) + 0.05 * g * g
      s.m = 0.95 * (s.m ?? 0) + 0.05 * g
      s.b = 0.5 * (s.b ?? 0) + g / (Math.sqrt(Math.max(0, s.v - s.m * s.m)) + 1e-2)
      return p - lr * s.b
    },
  },
  adagrad: {
    optimizer: () => adagrad({ initialSum: 0.1 }),
    reference: () => (p, g, lr, s) => {
      s.sum = (s.sum ?? 0.1) + g * g
      return p - (lr * g) / (Math.sqrt(s.sum) + 1e-10)
    },
  },
  lion: {
    optimizer: () => lion({ weightDecay: 0.2 }),
    reference: (decays) => (p, g, lr, s) => {
      const direction = Math.sign(0.9 * (s.m ?? 0) + 0.1 * g)
      s.m = 0.99 * (s.m ?? 0) + 0.01 * g
      return p - lr * (direction + (decays ? 0.2 * p : 0))
    },
  },
}

function adamReference(beta1: number, beta2: number, epsilon: number): Reference {
  return (p, g, lr, s, t) => {
    s.m = beta1 * (s.m ?? 0) + (1 - beta1) * g
    s.v = beta2 * (s.v ?? 0) + (1 - beta2) * g * g
    const m = s.m / (1 - beta1 ** t)
    return p - (lr * m) / (Math.sqrt(s.v / (1 - beta2 ** t)) + epsilon)
  }
}

/** The parameters after some steps of the reference. By default those of two dimensions decay. */
function referenceParameters(
  reference: (decays: boolean) => Reference,
  steps: number,
): Record<string, number[]> {
  const entries = Object.entries(shapes).map(([name, shape], index) => {
    const update = reference(shape.length > 1)
    const values = Array.from(initial(name, index))
    const states = values.map(() => ({}))
    for (let step = 1; step <= steps; step++) {
      const gradient = gradientsAt(step)[name] as Float32Array
      values.forEach((value, i) => {
        values[i] = update(value, gradient[i] as number, learningRateAt(step), states[i] as never, step)
      })
    }
    return [name, values]
  })
  return Object.fromEntries(entries)
}

/** The three ways in which updates are carried out. The first has to come first: the others register kernels. */
const ways: Record<string, (optimizer: () => Optimizer) => Backend> = {
  'TensorFlow.js operations': (optimizer) => tfjs(task(optimizer), { engine: 'cpu' }),
  'loops over arrays': (optimizer) => cpu(task(optimizer)),
  'generated WebAssembly': (optimizer) => wasm(task(optimizer)),
}

const steps = 60
const ends: Record<string, SessionState[]> = {}

for (const [way, backend] of Object.entries(ways)) {
  describe(`by ${way}`, () => {
    test.each(Object.entries(cases))('%s follows its formula', async (name, { optimizer, reference }) => {
      const state = await opened(backend(optimizer), (session) => {
        run(session, 1, steps)
        return session.save() as SessionState
      })
      ends[name] = [...(ends[name] ?? []), state]
      const expected = referenceParameters(reference, steps)
      for (const parameter of Object.keys(shapes)) {
        const actual = state.parameters[parameter]?.data as Float32Array
        const differences = Array.from(actual, (value, i) =>
          Math.abs(value - (expected[parameter]?.[i] as number)),
        )
        expect(Math.max(...differences), parameter).toBeLessThan(2e-6 * steps)
      }
    })
  })
}

test.each(Object.keys(cases))('%s comes to the same bits in all three ways', (name) => {
  const [first, ...others] = (ends[name] ?? []).map(bits)
  expect(others).toHaveLength(2)
  for (const other of others) expect(other).toEqual(first)
})

test.each(
  Object.entries(cases).flatMap(([name, { optimizer }]) =>
    Object.entries(ways)
      .slice(1)
      .map(([way, backend]) => [name, way, backend(optimizer)] as const),
  ),
)('%s by %s goes on from a checkpoint as if it had never stopped', async (_name, _way, backend) => {
  const { whole, saved } = await opened(backend, (session) => {
    run(session, 1, 25)
    const saved = JSON.stringify(bits(session.save() as SessionState))
    run(session, 26, 50)
    return { whole: bits(session.save() as SessionState), saved }
  })
  const resumed = await opened(backend, (session) => {
    session.load(unpacked(JSON.parse(saved)))
    run(session, 26, 50)
    return bits(session.save() as SessionState)
  })
  expect(resumed).toEqual(whole)
})

/** A state as what JSON can hold: floats by their bits. */
function bits({ parameters, slots, counters }: SessionState): { [part: string]: unknown } {
  return { parameters: packed(parameters), slots: packed(slots), counters }
}

function packed(arrays: NamedArrays): { [name: string]: [bits: number[], shape: readonly number[]] } {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { data, shape }]) => [
      name,
      [[...new Int32Array(data.buffer, data.byteOffset, data.length)], shape],
    ]),
  )
}

function unpacked(state: ReturnType<typeof bits>): SessionState {
  const arrays = (part: unknown): NamedArrays =>
    Object.fromEntries(
      Object.entries(part as ReturnType<typeof packed>).map(([name, [bits, shape]]) => [
        name,
        { data: new Float32Array(Int32Array.from(bits).buffer), shape },
      ]),
    )
  return {
    parameters: arrays(state.parameters),
    slots: arrays(state.slots),
    counters: state.counters as SessionState['counters'],
  }
}

test('slots are named after their parameters; what is kept once is a counter', async () => {
  const state = await opened(cpu(task(() => adam())), (session) => {
    run(session, 1, 1)
    return session.save() as SessionState
  })
  expect(Object.keys(state.slots)).toEqual(
    Object.keys(shapes).flatMap((name) => [`${name}/mean`, `${name}/square`]),
  )
  expect(state.counters).toEqual({
    seed: 1,
    passes: 1,
    optimizer: { meanWeight: 1 - Math.fround(0.9), squareWeight: 1 - Math.fround(0.999) },
  })
})

test('which parameters decay is up to the task', async () => {
  const only =
    (names: string[]): (() => Optimizer) =>
    () =>
      adamW({ weightDecay: 0.5, decays: (name) => names.includes(name) })
  const after = (names: string[]): Promise<NamedArrays> =>
    opened(cpu(task(only(names))), (session) => {
      run(session, 1, 2)
      return (session.save() as SessionState).parameters
    })
  const [none, bias] = [await after([]), await after(['bias'])]
  const changed = Object.keys(shapes).filter(
    (name) => JSON.stringify(none[name]) !== JSON.stringify(bias[name]),
  )
  expect(changed).toEqual(['bias'])
})

test('an optimizer refuses what cannot be, by name', () => {
  const messages = [
    () => adam({ beta1: 1 }),
    () => adam({ beta2: -0.1 }),
    () => adam({ epsilon: Number.NaN }),
    () => adamW({ weightDecay: -1 }),
    () => sgd({ weightDecay: Infinity }),
    () => momentum({ momentum: 1.5 }),
    () => rmsprop({ decay: 2 }),
    () => adagrad({ initialSum: -1 }),
    () => lion({ beta2: 1 }),
  ].map((make) => {
    try {
      make()
      return 'nothing'
    } catch (error) {
      return (error as Error).message
    }
  })
  expect(messages).toEqual([
    'adam({ beta1: 1 }): beta1 must be at least 0 and below 1',
    'adam({ beta2: -0.1 }): beta2 must be at least 0 and below 1',
    'adam({ epsilon: NaN }): epsilon must be a finite number, at least 0',
    'adamW({ weightDecay: -1 }): weightDecay must be a finite number, at least 0',
    'sgd({ weightDecay: Infinity }): weightDecay must be a finite number, at least 0',
    'momentum({ momentum: 1.5 }): momentum must be at least 0 and below 1',
    'rmsprop({ decay: 2 }): decay must be at least 0 and below 1',
    'adagrad({ initialSum: -1 }): initialSum must be a finite number, at least 0',
    'lion({ beta2: 1 }): beta2 must be at least 0 and below 1',
  ])
})
