import { at, type Hook, train } from '@hookstep/catalogue'
import { type Backend, type Session, Trainer } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'
import { corners, line, plainBackend, recordTrace } from '../src/index.ts'

describe('the plain backend', () => {
  test('learns a line', async () => {
    const trainer = new Trainer({ backend: plainBackend(), data: line(), steps: 20, learningRate: 0.2 })
    await trainer.train()
    const { data } = await trainer.predict({ inputs: { data: Float32Array.of(-1, 0, 1), shape: [3, 1] } })
    expect(Array.from(data, (value) => value.toFixed(1))).toEqual(['-1.5', '0.5', '2.5'])
  })

  test('learns classes that no line parts', async () => {
    const backend = plainBackend({ layers: [2, 8, 2], loss: 'cross_entropy' })
    const trainer = new Trainer({ backend, data: corners(), steps: 200, learningRate: 0.2 })
    await trainer.train()
    const { accuracy } = await trainer.evaluate(corners({ seed: 1 }))
    expect(accuracy).toBeGreaterThan(0.95)
  })

  test('reads late like a device: logs come after their steps', async () => {
    const backend = plainBackend({ readbackLag: 2 })
    const trace = recordTrace({ only: ['train.step.post', 'train.log'], indent: false })
    await new Trainer({
      backend,
      data: line(),
      steps: 3,
      log: at('1 step'),
      hooks: [trace],
    }).train()
    expect(trace.lines).toMatchInlineSnapshot(`
      [
        "train.step.post 1",
        "train.step.post 2",
        "train.log 1 { loss, absolute_error, learning_rate }",
        "train.step.post 3",
      ]
    `)
  })

  test('is learned with by a trainer that releases all it was given', async () => {
    let session: Session | undefined
    const plain = plainBackend({ readbackLag: 1 })
    const backend: Backend = {
      name: 'watched',
      open: async (options) => (session = await plain.open(options)),
    }
    const reading: Hook = {
      name: 'reading',
      setup: (run) => void run.subscribe(train.step.post, ({ loss }) => loss()),
    }
    const trainer = new Trainer({
      backend,
      data: line(),
      steps: 5,
      maxGradientNorm: 1,
      evaluate: { data: line({ seed: 1 }) },
      hooks: [reading],
    })
    await trainer.train()
    expect(session?.memory().tensors).toBe(3)
    await trainer.close()
    expect(session?.memory().tensors).toBe(0)
  })

  test('refuses what cannot be, naming it', () => {
    expect(() => plainBackend({ layers: [1] })).toThrow(
      'layers is [1], it must be at least two positive whole numbers',
    )
    expect(() => plainBackend({ momentum: 1 })).toThrow(
      'momentum is 1, it must be at least 0 and less than 1',
    )
    expect(() => plainBackend({ readbackLag: 0.5 })).toThrow('readbackLag is 0.5')
  })

  test('refuses to read what was released, to release twice, and all work once it is closed', async () => {
    const distributed = { rank: 0, worldSize: 1, localRank: 0, isMain: true, isLocalMain: true }
    const session = await plainBackend().open({ seed: 0, distributed })
    const loss = session.loss()
    loss.dispose()
    expect(() => loss.read()).toThrow('the value is released')
    expect(() => loss.dispose()).toThrow('the value is released already')
    await session.close()
    expect(() => session.optimizerStep(0.1)).toThrow('the session is closed')
  })
})
