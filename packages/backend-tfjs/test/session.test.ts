import { adam, cpu, sgd, type TaskFactory, tfjs } from '@hookstep/backend-tfjs'
import { wasm } from '@hookstep/backend-tfjs/wasm'
import type { Batch, SessionState } from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import { describe, expect, test } from 'vitest'
import { engineNames, labelled, noise, open, step, withSession } from './sessions.ts'

const network: TaskFactory = ({ tf }) => ({
  model: tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [6], units: 16, activation: 'relu' }),
      tf.layers.dropout({ rate: 0.5 }),
      tf.layers.dense({ units: 3 }),
    ],
  }),
  loss: 'sparseSoftmaxCrossEntropy',
  optimizer: adam(),
  metrics: ['accuracy'],
})

const batch = (seed: number): Batch => labelled(8, 6, 3, seed)

describe.each(engineNames)('on %s', (engine) => {
  test('every verb is done when it returns, and a reading too', async () => {
    await withSession(engine, network, (session) => {
      const results = [
        session.forwardBackward(batch(1), 1, true),
        session.loss().read(),
        session.metrics().accuracy?.read(),
        session.clipGradients(1).read(),
        session.readGradients(),
        session.optimizerStep(0.1),
        session.zeroGradients(),
        session.predict({ inputs: batch(1).inputs as never }),
        session.evaluate(batch(1)).values(),
        session.save(),
      ]
      expect(results.filter((result) => result instanceof Promise)).toEqual([])
      expect(session.readbackLag).toBe(0)
    })
  })

  test('no tensor is left behind, step after step and once closed', async () => {
    const before = tf.memory().numTensors
    const session = await open(engine, network)
    const counts = [1, 2, 3, 4, 5, 6].map((seed) => {
      session.forwardBackward(batch(seed), 0.5, true)
      session.forwardBackward(batch(seed + 1), 0.5, true)
      for (const handle of [session.loss(), ...Object.values(session.metrics()), session.clipGradients(1)]) {
        handle.read()
        handle.dispose()
      }
      session.writeGradients(session.readGradients() as Float32Array)
      session.optimizerStep(0.1 / seed)
      session.zeroGradients()
      const evaluated = session.evaluate(batch(seed))
      evaluated.values()
      evaluated.outputs()
      evaluated.dispose()
      session.predict(batch(seed))
      session.load(session.save() as SessionState)
      return tf.memory().numTensors
    })
    expect(new Set(counts).size).toBe(1)
    await session.close()
    expect(tf.memory().numTensors).toBe(before)
  })

  test('no tensor is left behind by what fails', async () => {
    let fails = false
    const fragile: TaskFactory = ({ tf }) => ({
      parameters: { w: tf.ones([6, 1]) },
      forward: ({ w }, { inputs }) => tf.matMul(inputs, w as tf.Tensor),
      loss: (_, outputs) => {
        if (fails) throw new Error('on purpose')
        return outputs.square().mean()
      },
      optimizer: sgd(),
    })
    await withSession(engine, fragile, (session) => {
      step(session, batch(1))
      const before = tf.memory().numTensors
      fails = true
      expect(() => session.forwardBackward(batch(1), 1, true)).toThrow('loss failed on outputs [8, 1]')
      expect(tf.memory().numTensors).toBe(before)
      fails = false
      step(session, batch(1))
      expect(tf.memory().numTensors).toBe(before)
    })
  })

  test('tensors that the task makes for itself live as long as the session', async () => {
    const before = tf.memory().numTensors
    const scaled: TaskFactory = ({ tf }) => {
      const scale = tf.mul(tf.scalar(2), 3)
      return {
        parameters: { w: tf.zeros([6, 1]) },
        forward: ({ w }, { inputs }) => tf.mul(tf.matMul(inputs, w as tf.Tensor), scale),
        loss: (_, outputs) => outputs.sub(1).square().mean(),
        optimizer: sgd(),
        metrics: { scale: () => scale as tf.Scalar },
      }
    }
    await withSession(engine, scaled, (session) => {
      for (const _ of [1, 2]) {
        const evaluated = session.evaluate(batch(1))
        expect(evaluated.values()).toEqual({ loss: 1, scale: 6 })
        evaluated.dispose()
      }
      expect(step(session, batch(1), 0.01)).toBe(1)
      expect(step(session, batch(1), 0.01)).toBeLessThan(1)
    })
    expect(tf.memory().numTensors).toBe(before)
  })

  test('dropout draws other numbers at every pass and on every rank, and the same ones again', async () => {
    const losses = (seed: number, rank: number): Promise<number[]> =>
      withSession(engine, network, (session) => [1, 2, 3].map(() => step(session, batch(1), 0)), {
        seed,
        rank,
      })
    const first = await losses(1, 0)
    expect(new Set(first).size).toBe(3)
    expect(await losses(1, 0)).toEqual(first)
    expect(await losses(2, 0)).not.toEqual(first)
    expect(await losses(1, 1)).not.toEqual(first)
  })

  test('all ranks begin with the same parameters', async () => {
    const parametersOf = (rank: number) =>
      withSession(engine, network, (session) => (session.save() as SessionState).parameters, { rank })
    expect(await parametersOf(1)).toEqual(await parametersOf(0))
  })

  test('a resumed session drops what the uninterrupted one drops', async () => {
    const { whole, saved } = await withSession(engine, network, (session) => {
      for (const seed of [1, 2, 3]) step(session, batch(seed))
      const saved = session.save() as SessionState
      session.evaluate(batch(1)).dispose()
      return { whole: [4, 5, 6].map((seed) => step(session, batch(seed))), saved }
    })
    const resumed = await withSession(
      engine,
      network,
      (session) => {
        session.load(saved)
        return [4, 5, 6].map((seed) => step(session, batch(seed)))
      },
      { seed: 77 },
    )
    expect(resumed).toEqual(whole)
  })

  test('Math.random is what it was, after every verb and after errors', async () => {
    const own = Math.random
    const session = await open(engine, network)
    expect(Math.random).toBe(own)
    step(session, batch(1))
    expect(() => session.forwardBackward({}, 1, false)).toThrow()
    session.evaluate(batch(1)).dispose()
    expect(Math.random).toBe(own)
    await session.close()
    await expect(
      open(engine, () => {
        throw new Error('no task')
      }),
    ).rejects.toThrow('no task')
    expect(Math.random).toBe(own)
  })

  test('a task that is built asynchronously is seeded to its end', async () => {
    const late: TaskFactory = async ({ tf }) => {
      await Promise.resolve()
      return {
        parameters: { w: tf.randomNormal([6, 1]) },
        forward: ({ w }, { inputs }) => tf.matMul(inputs, w as tf.Tensor),
        loss: (_, outputs) => outputs.square().mean(),
        optimizer: sgd(),
      }
    }
    const weights = async (): Promise<unknown> => {
      const sessions = await Promise.all([open(engine, late), open(engine, late)])
      const states = sessions.map((session) => (session.save() as SessionState).parameters.w)
      for (const session of sessions) await session.close()
      return states
    }
    const [one, two] = (await weights()) as [unknown, unknown]
    expect(two).toEqual(one)
    expect(await weights()).toEqual([one, one])
  })

  test('weights of layers have the same names in every session of a process', async () => {
    const mixed: TaskFactory = ({ tf }) => ({
      model: tf.sequential({
        layers: [
          tf.layers.dense({ inputShape: [6], units: 4 }),
          tf.layers.batchNormalization(),
          tf.layers.dense({ units: 4, name: 'head' }),
          tf.sequential({ layers: [tf.layers.dense({ inputShape: [4], units: 3, useBias: false })] }),
        ],
      }),
      loss: 'sparseSoftmaxCrossEntropy',
      optimizer: sgd(),
    })
    const namesOf = () =>
      withSession(engine, mixed, (session) => Object.keys((session.save() as SessionState).parameters))
    const names = [
      'dense_1/kernel',
      'dense_1/bias',
      'batch_normalization_1/gamma',
      'batch_normalization_1/beta',
      'head/kernel',
      'head/bias',
      'sequential_1/dense_1/kernel',
      'batch_normalization_1/moving_mean',
      'batch_normalization_1/moving_variance',
    ]
    expect(await namesOf()).toEqual(names)
    expect(await namesOf()).toEqual(names)
  })

  test('moving statistics are saved, and are not learned', async () => {
    const normalized: TaskFactory = ({ tf }) => ({
      model: tf.sequential({
        layers: [
          tf.layers.dense({ inputShape: [6], units: 4 }),
          tf.layers.batchNormalization({ momentum: 0.5 }),
          tf.layers.dense({ units: 3 }),
        ],
      }),
      loss: 'sparseSoftmaxCrossEntropy',
      optimizer: adam(),
    })
    await withSession(engine, normalized, (session) => {
      const mean = (): number[] => [
        ...((session.save() as SessionState).parameters['batch_normalization_1/moving_mean']?.data ?? []),
      ]
      expect(session.parameterCount).toBe(6 * 4 + 4 + 4 + 4 + 4 * 3 + 3)
      step(session, batch(1))
      const after = mean()
      expect(after).not.toEqual([0, 0, 0, 0])
      session.evaluate(batch(2)).dispose()
      expect(mean()).toEqual(after)
      const saved = session.save() as SessionState
      step(session, batch(2))
      expect(mean()).not.toEqual(after)
      session.load(saved)
      expect(mean()).toEqual(after)
    })
  })

  test('penalties of regularizers are part of the loss', async () => {
    const lossWith = (l2: number): Promise<number> =>
      withSession(
        engine,
        ({ tf }) => ({
          model: tf.sequential({
            layers: [
              tf.layers.dense({
                inputShape: [6],
                units: 3,
                kernelInitializer: 'ones',
                kernelRegularizer: tf.regularizers.l2({ l2 }),
              }),
            ],
          }),
          loss: 'sparseSoftmaxCrossEntropy',
          optimizer: sgd(),
        }),
        (session) => step(session, batch(1)),
      )
    expect((await lossWith(0.1)) - (await lossWith(0))).toBeCloseTo(0.1 * 18, 5)
  })

  test('a model with several inputs takes an array for each, by name', async () => {
    const joined: TaskFactory = ({ tf }) => {
      const left = tf.input({ shape: [2], name: 'left' })
      const right = tf.input({ shape: [3], name: 'right' })
      const both = tf.layers.concatenate().apply([left, right]) as tf.SymbolicTensor
      const output = tf.layers.dense({ units: 1 }).apply(both) as tf.SymbolicTensor
      return {
        model: tf.model({ inputs: [left, right], outputs: output }),
        loss: 'meanSquaredError',
        optimizer: sgd(),
        metrics: ['meanAbsoluteError'],
      }
    }
    await withSession(engine, joined, (session) => {
      const left = { data: noise(8), shape: [4, 2] }
      const right = { data: Uint8Array.from({ length: 12 }, (_, i) => i % 3), shape: [4, 3] }
      const targets = { data: new Float32Array(4), shape: [4, 1] }
      const first = step(session, { left, right, targets })
      expect(step(session, { left, right, targets })).toBeLessThan(first)
      expect(() => session.predict({ left })).toThrow('batch.right is missing: the batch has left')
    })
  })

  test('bytes become floats with the same values', async () => {
    const identity: TaskFactory = ({ tf }) => ({
      parameters: { w: tf.scalar(1) },
      forward: ({ w }, { inputs }) => tf.mul(inputs, w as tf.Tensor),
      loss: 'meanSquaredError',
      optimizer: sgd(),
    })
    await withSession(engine, identity, (session) => {
      const outputs = session.predict({ inputs: { data: Uint8Array.of(0, 128, 255), shape: [3] } })
      expect(outputs).toEqual({ data: Float32Array.of(0, 128, 255), shape: [3] })
    })
  })
})

test('one process has one engine: another is refused while a session is open, and taken afterwards', async () => {
  const session = await open('cpu', network)
  await expect(open('wasm', network)).rejects.toThrow(
    "Cannot open a session on 'wasm' while one on 'cpu' is open: TensorFlow.js has one engine per process. Close the other session first, or use another process",
  )
  const neighbour = await open('cpu', network)
  await session.close()
  await expect(open('wasm', network)).rejects.toThrow('while one on')
  expect(step(neighbour, batch(1))).toBeGreaterThan(0)
  await neighbour.close()
  const other = await open('wasm', network)
  expect(step(other, batch(1))).toBeGreaterThan(0)
  await other.close()
})

test('a session notices that its engine is no longer the active one', async () => {
  const session = await open('cpu', network)
  await tf.setBackend('wasm')
  expect(() => session.forwardBackward(batch(1), 1, false)).toThrow(
    "The active engine of TensorFlow.js is 'wasm', but the open session is on 'cpu': leave out tf.setBackend() while it is open",
  )
  await tf.setBackend('cpu')
  expect(step(session, batch(1))).toBeGreaterThan(0)
  await session.close()
  await session.close()
  expect(() => session.forwardBackward(batch(1), 1, false)).toThrow('The session is closed')
})

test('an engine that does not exist is an error', async () => {
  const distributed = { rank: 0, worldSize: 1, localRank: 0, isMain: true, isLocalMain: true }
  await expect(tfjs(network, { engine: 'abacus' }).open({ seed: 0, distributed })).rejects.toThrow('abacus')
})

test('two sessions on one engine train side by side as they would alone', async () => {
  const alone = await withSession('wasm', network, (session) =>
    [1, 2, 3].map((seed) => step(session, batch(seed))),
  )
  const [one, two] = [await open('wasm', network), await open('wasm', network, { seed: 9 })]
  const together = [1, 2, 3].map((seed) => {
    step(two, batch(seed))
    return step(one, batch(seed))
  })
  await one.close()
  await two.close()
  expect(together).toEqual(alone)
})

test('an engine that must be waited for gives promises', async () => {
  const waiting = tfjs(network, { engine: 'wasm', readbackLag: 2 })
  const distributed = { rank: 0, worldSize: 1, localRank: 0, isMain: true, isLocalMain: true }
  const at = await open('wasm', network)
  const session = await waiting.open({ seed: 1, distributed })
  const lossBefore = step(at, batch(1))
  session.forwardBackward(batch(1), 1, false)
  const loss = session.loss()
  const reading = loss.read()
  session.optimizerStep(0.05)
  session.zeroGradients()
  const saving = session.save()
  session.forwardBackward(batch(2), 1, false)
  session.optimizerStep(0.05)
  expect([reading, saving, session.readGradients()].every((value) => value instanceof Promise)).toBe(true)
  expect(await reading).toBe(lossBefore)
  loss.dispose()
  expect(await saving, 'saved as it was at the call').toEqual(at.save())
  await session.close()
  await at.close()
})

test('a task follows the run before it is built', async () => {
  const log: string[] = []
  const backend = cpu({
    build: (context) => {
      log.push('build')
      return network(context)
    },
    registerEvents: () => log.push('registerEvents'),
  })
  backend.registerEvents?.({} as never)
  const distributed = { rank: 0, worldSize: 1, localRank: 0, isMain: true, isLocalMain: true }
  const session = await backend.open({ seed: 1, distributed })
  await session.close()
  expect(log).toEqual(['registerEvents', 'build'])
  expect(wasm(network).registerEvents).toBeUndefined()
})
