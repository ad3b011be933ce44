import type { Backend, LazyScalar, Session } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'
import { backendContract, type PlainModel, plainBackend } from '../src/index.ts'
import { classes, linear } from './batches.ts'

const regression = (): Backend => plainBackend({ layers: [2, 1] })
const classifier = (): Backend => plainBackend({ layers: [2, 8, 2], loss: 'cross_entropy', readbackLag: 2 })
const noisy = (): Backend => plainBackend({ layers: [2, 4, 1], inputNoise: 0.1 })
interface Mutant {
  readonly change: (session: Session) => Partial<Session>
  /** Of which it is a change. Default: a line, with momentum. */
  readonly of?: () => Backend
  /** The title of the case that is about it. */
  readonly foundBy: string
}

const mutants: Record<string, Mutant> = {
  'ignores the weight': {
    change: (session) => ({
      forwardBackward: (batch, _, metrics) => session.forwardBackward(batch, 1, metrics),
    }),
    foundBy: 'adds up parts of a batch, weighted by their size, to the whole',
  },
  'forgets a slot in save': {
    change: (session) => ({
      async save() {
        const state = await session.save()
        const slots = Object.entries(state.slots).slice(1)
        return { ...state, slots: Object.fromEntries(slots) }
      },
      async load(state) {
        const { slots } = await session.save()
        await session.load({ ...state, slots: { ...slots, ...state.slots } })
      },
    }),
    foundBy: 'goes on from a saved state bit for bit',
  },
  'loads parameters and leaves slots as they are': {
    change: (session) => ({
      load: async (state) => session.load({ ...state, slots: (await session.save()).slots }),
    }),
    foundBy: 'goes on from a saved state bit for bit',
  },
  'hands out its own arrays as the saved state': {
    change: (session) => {
      const { parameters } = session.model as PlainModel
      return { save: async () => ({ ...(await session.save()), parameters }) }
    },
    foundBy: 'saves and loads copies',
  },
  'reads the loss of whatever step it is': {
    change: (session) => ({
      loss: () => ({ read: () => readOnce(session.loss()), dispose() {} }),
    }),
    foundBy: 'keeps a loss and a norm readable over later steps',
  },
  'keeps the first learning rate': {
    change: (session) => {
      let first: number | undefined
      return {
        optimizerStep(learningRate) {
          first ??= learningRate
          return session.optimizerStep(first)
        },
      }
    },
    foundBy: 'takes each step at its own learning rate',
  },
  'holds a number more each step': {
    change: (session) => ({
      optimizerStep(learningRate) {
        session.loss()
        return session.optimizerStep(learningRate)
      },
    }),
    foundBy: 'holds no more after many steps than after a few',
  },
  'learns from what it evaluates': {
    change: (session) => ({
      evaluate(batch) {
        const evaluated = session.evaluate(batch)
        session.forwardBackward(batch, 1, false)
        session.optimizerStep(0.01)
        return evaluated
      },
    }),
    foundBy: 'evaluates without learning, and to the same values each time',
  },
  'clears nothing': {
    change: () => ({ zeroGradients() {} }),
    foundBy: 'clears gradients, loss and metrics for the next step',
  },
  'says the norm after clipping': {
    change: (session) => ({
      clipGradients(maxNorm) {
        session.clipGradients(maxNorm).dispose()
        return session.clipGradients(Number.POSITIVE_INFINITY)
      },
    }),
    foundBy: 'clips gradients to a global norm, keeps their direction and says what the norm was',
  },
  'clips each gradient by itself': {
    change: (session) => ({
      clipGradients(maxNorm) {
        const clipped = (session.readGradients() as Float32Array).map((value) =>
          Math.min(maxNorm, Math.max(-maxNorm, value)),
        )
        const norm = session.clipGradients(Number.POSITIVE_INFINITY)
        session.writeGradients(clipped)
        return norm
      },
    }),
    foundBy: 'clips gradients to a global norm, keeps their direction and says what the norm was',
  },
  'has a gradient of the wrong sign': {
    change: (session) => ({
      forwardBackward: (batch, weight, metrics) => session.forwardBackward(batch, -weight, metrics),
    }),
    foundBy: 'computes the derivative of the mean loss',
  },
  'gives gradients in another order': {
    change: (session) => ({ readGradients: () => (session.readGradients() as Float32Array).reverse() }),
    foundBy: 'takes written gradients for its own',
  },
  'forgets what a step has added up': {
    change: (session) => ({
      async save() {
        const { accumulated, ...state } = await session.save()
        return state
      },
    }),
    foundBy: 'goes on from a state saved in the middle of a step bit for bit',
  },
  'rounds the loss that it has added up': {
    change: (session) => ({
      async save() {
        const state = await session.save()
        const bytes = state.accumulated?.sums?.data as Uint8Array | undefined
        // The lower half of each of the two numbers.
        for (const start of [0, 8]) bytes?.fill(0, start, start + 4)
        return state
      },
    }),
    foundBy: 'goes on from a state saved in the middle of a step bit for bit',
  },
  'keeps gradients through a load': {
    change: (session) => ({
      async load(state) {
        const { accumulated } = await session.save()
        await session.load({ ...(accumulated && { accumulated }), ...state })
      },
    }),
    foundBy: 'forgets what a step has added up when it loads a state from between steps',
  },
  'takes whatever a step has added up': {
    change: (session) => ({
      async load(state) {
        const { accumulated, ...rest } = state
        await session.load(rest)
        try {
          await session.load(state)
        } catch {}
      },
    }),
    foundBy: 'refuses arrays that are not what a step has added up, naming them',
  },
  'never loads': { change: () => ({ async load() {} }), foundBy: 'goes on from a saved state bit for bit' },
  'takes any state': {
    change: (session) => ({
      async load(state) {
        try {
          await session.load(state)
        } catch {}
      },
    }),
    foundBy: 'refuses a state that lacks a parameter or a slot, naming it',
  },
  'forgets its random stream in save': {
    of: noisy,
    change: (session) => ({
      save: async () => ({ ...(await session.save()), counters: null }),
      load: async (state) => session.load({ ...state, counters: (await session.save()).counters }),
    }),
    foundBy: 'goes on from a saved state bit for bit',
  },
  'loads half of what it refuses': {
    change: (session) => ({
      async load(state) {
        ;(session.model as PlainModel).parameters['layer1/bias']?.data.fill(1)
        await session.load(state)
      },
    }),
    foundBy: 'refuses a state that lacks a parameter or a slot, naming it',
  },
  'stays open': { change: () => ({ close() {} }), foundBy: 'holds nothing once it is closed' },
}

function readOnce(handle: LazyScalar): number | Promise<number> {
  const value = handle.read()
  handle.dispose()
  return value
}

describe('the plain backend keeps the contract', () => {
  const subjects = {
    'a line, with momentum': { backend: regression, batch: linear },
    'a line, without': { backend: () => plainBackend({ layers: [2, 1], momentum: 0 }), batch: linear },
    'a classifier whose readings come late': { backend: classifier, batch: classes, learningRate: 0.05 },
    'noise in training': { backend: noisy, batch: linear, samplewise: false },
  }
  for (const [what, subject] of Object.entries(subjects)) {
    for (const { name, run } of backendContract(subject)) test(`${what}: ${name}`, run)
  }
})

describe('the contract finds what is broken', () => {
  test.each(Object.entries(mutants))('%s', async (_, { change, of, foundBy }) => {
    expect(await failures(mutated(change, of))).toContain(foundBy)
  })

  test('a backend that has one set of parameters for all seeds', async () => {
    const backend: Backend = {
      name: 'one-seed',
      open: ({ distributed }) => regression().open({ seed: 1, distributed }),
    }
    expect(await failures(() => backend)).toEqual([
      'draws the same parameters from the same seed, others from another',
    ])
  })

  test('a backend that draws noise, and says that it does not', async () => {
    expect(await failures(noisy)).toEqual([
      'computes the derivative of the mean loss',
      'multiplies gradients, loss and metrics by the weight',
      'adds up parts of a batch, weighted by their size, to the whole',
      'clears gradients, loss and metrics for the next step',
      'takes batches of different sizes in turn',
      'is as it was after it refused a batch',
    ])
  })
})

/** The titles of the cases that fail. */
async function failures(backend: () => Backend): Promise<string[]> {
  const failed: string[] = []
  for (const { name, run } of backendContract({ backend, batch: linear })) {
    await run().catch(() => failed.push(name))
  }
  return failed
}

/** A backend of which some verbs are others. */
function mutated(change: Mutant['change'], of: () => Backend = regression): () => Backend {
  return () => ({
    name: 'mutant',
    async open(options) {
      const session = await of().open(options)
      const changed = change(session)
      return new Proxy(session, {
        get(target, key) {
          if (key in changed) return Reflect.get(changed, key)
          const value = Reflect.get(target, key)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  })
}
