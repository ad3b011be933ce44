import { evaluate, type Hook, train } from '@hookstep/catalogue'
import { progressBar } from '@hookstep/hook-metrics/node'
import { plainBackend } from '@hookstep/testing'
import type { Backend, LazyScalar } from '@hookstep/trainer'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EmulatedTerminal } from './emulated-terminal.ts'
import { at, holdClock, small, takingTime, trainWith } from './runs.ts'

beforeEach(() => {
  vi.stubEnv('CI', '')
  vi.stubEnv('TERM', 'xterm-256color')
  holdClock()
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.useRealTimers()
})

/** Keeps what is on the screen after a step. */
function photo(terminal: EmulatedTerminal, after: number, photos: string[]): Hook {
  const take = async (): Promise<unknown> => photos.push(await terminal.text())
  return at(train.step.pre, ({ step }) => step === after + 1 && take(), `photo after ${after}`)
}

describe('on a terminal', () => {
  test('two lines show where the run is, and evaluations and the end stay above', async () => {
    const terminal = new EmulatedTerminal(100)
    const photos: string[] = []
    const evaluating = at(evaluate.step.post, async ({ step, batch }) => {
      if (step === 8 && batch === 1) photos.push(await terminal.text())
    })
    await trainWith([...takingTime(), progressBar({ terminal }), evaluating, photo(terminal, 12, photos)])
    expect([...photos, await terminal.text()].join('\n\n')).toMatchInlineSnapshot(`
      "evaluating  ━━━━━━━━━━━━━━━───────────────  1/2  step 8/16
      loss 4.937  absolute_error 2.128  lr 0.05

      evaluation at step 8/16  epoch 1.0  loss 2.666  absolute_error 1.481
      epoch 2/2  ━━━━━━━━━━━━━━━━━━━━━━╸───────  12/16  80 samples/s  0:05 left
      loss 1.866  absolute_error 1.231  lr 0.05  | evaluation at 8: loss 2.666  absolute_error 1.481

      evaluation at step 8/16  epoch 1.0  loss 2.666  absolute_error 1.481
      evaluation at step 16/16  epoch 2.0  loss 0.4969  absolute_error 0.6368
      step 16/16  epoch 2.0  loss 0.6528  absolute_error 0.7249  lr 0.05  80 samples/s
      finished at step 16/16  epoch 2.0  after 0:11"
    `)
  })

  test('what others print appears above, whole', async () => {
    const terminal = new EmulatedTerminal()
    const printing = at(train.step.post, ({ step }) => {
      if (step === 3) terminal.write('a line of somebody else\n')
      if (step === 5) terminal.write('one that is not ')
      if (step === 7) terminal.write('finished yet\nand another\n')
    })
    const photos: string[] = []
    await trainWith([
      ...takingTime(),
      progressBar({ terminal }),
      printing,
      ...[6, 7].map((step) => photo(terminal, step, photos)),
    ])
    expect(photos.join('\n\n')).toMatchInlineSnapshot(`
      "a line of somebody else
      one that is not

      a line of somebody else
      one that is not finished yet
      and another
      epoch 1/2  ━━━━━━━━━━━━━─────────────────   7/16  80 samples/s  0:01 left
      loss 5.359  absolute_error 2.145  lr 0.05"
    `)
  })

  test.each([1, 2, 10, 20, 30, 40, 60, 80, 200])('nothing wraps in %i columns', async (columns) => {
    const terminal = new EmulatedTerminal(columns, 40)
    const wrapped: boolean[] = []
    const looking = at(train.step.post, async () => wrapped.push(await terminal.wraps()))
    await trainWith([...takingTime(), progressBar({ terminal }), looking], small)
    expect(new Set(wrapped)).toEqual(new Set([false]))
  })

  test('a terminal that is resized shows one bar', async () => {
    const terminal = new EmulatedTerminal(100)
    const photos: string[] = []
    const resizing = at(train.step.post, async ({ step }) => {
      if (step === 5) await terminal.resize(50, 10)
      if (step === 10) await terminal.resize(120, 14)
      if (step === 5 || step === 10) photos.push(await terminal.text())
    })
    await trainWith([...takingTime(), progressBar({ terminal }), resizing])
    expect(photos.join('\n\n')).toMatchInlineSnapshot(`
      "epoch 1/2  ━━━━━━──────────────   5/16  0:01 left
      loss 5.359  absolute_error 2.145  lr 0.05

      evaluation at step 8/16  epoch 1.0  loss 2.666  absolute_error 1.481
      epoch 2/2  ━━━━━━━━━━━━━━━━━━╸───────────  10/16  80 samples/s  0:05 left
      loss 4.937  absolute_error 2.128  lr 0.05  | evaluation at 8: loss 2.666  absolute_error 1.481"
    `)
  })

  test('time goes on while a step takes long', async () => {
    const terminal = new EmulatedTerminal()
    const photos: string[] = []
    const slow = at(train.step.pre, async ({ step }) => {
      vi.advanceTimersByTime(10_000)
      if (step === 8) photos.push(await terminal.text())
      vi.advanceTimersByTime(10_000)
      if (step === 8) photos.push(await terminal.text())
    })
    await trainWith([slow, progressBar({ terminal })])
    expect(photos.map((text) => text.split('\n')[0])).toMatchInlineSnapshot(`
      [
        "epoch 1/2  ━━━━━━━━━━━━━━━───────────────   8/16  0.4 samples/s  2:50 left",
        "epoch 1/2  ━━━━━━━━━━━━━━━───────────────   8/16  0.4 samples/s  2:40 left",
      ]
    `)
  })

  test('is drawn ten times a second at most, however fast the steps', async () => {
    const terminal = new EmulatedTerminal()
    const tick = at(train.step.pre, () => vi.advanceTimersByTime(1))
    await trainWith([tick, progressBar({ terminal })], { ...small, epochs: 125 })
    const seconds = (125 * 8) / 1000
    // And the cursor hidden and shown, the last numbers, the end, and the bar taken away.
    expect(terminal.writes).toBeLessThanOrEqual(10 * seconds + 8)
  })

  test('has colours where the terminal has', async () => {
    const terminals = [new EmulatedTerminal(80, 12, true), new EmulatedTerminal()]
    const colors: number[][] = []
    for (const terminal of terminals) {
      const looking = at(train.step.post, async ({ step }) => {
        if (step === 4) colors.push(await terminal.colorsUsed())
      })
      await trainWith([...takingTime(), progressBar({ terminal }), looking])
    }
    const cyan = 6
    expect(colors).toEqual([[cyan], []])
  })

  test('a console without Unicode has a bar of ASCII', async () => {
    vi.stubEnv('TERM', 'linux')
    const terminal = new EmulatedTerminal()
    const photos: string[] = []
    await trainWith([...takingTime(), progressBar({ terminal }), photo(terminal, 7, photos)])
    expect(photos[0]?.split('\n')[0]).toMatchInlineSnapshot(
      `"epoch 1/2  =============.................   7/16  80 samples/s  0:01 left"`,
    )
  })

  test('names of wide characters are as wide as they are', async () => {
    const terminal = new EmulatedTerminal(38)
    const backend = plainBackend()
    const renamed: Backend = {
      name: 'renamed',
      open: async (options) => {
        const session = await backend.open(options)
        const metrics = session.metrics.bind(session)
        return Object.assign(session, {
          metrics: () => ({ 正確さの平均: Object.values(metrics())[0] as LazyScalar }),
        })
      },
    }
    const seen: unknown[] = []
    const looking = at(train.step.pre, async ({ step }) => {
      if (step === 8) seen.push(await terminal.text(), await terminal.wraps())
    })
    const options = { ...small, backend: renamed }
    await trainWith([...takingTime(), progressBar({ terminal }), looking], options)
    expect(seen).toMatchInlineSnapshot(`
      [
        "epoch 1/2   7/16  0:01 left
      loss 5.359  正確さの平均 2.145",
        false,
      ]
    `)
  })
})

test('a second run at the same time prints lines, above the bar of the first', async () => {
  const terminal = new EmulatedTerminal(100)
  const photos: string[] = []
  const second = at(train.step.post, ({ step }) => step === 10 && trainWith([progressBar({ terminal })]))
  await trainWith([...takingTime(), progressBar({ terminal }), second, photo(terminal, 12, photos)])
  expect(photos[0]).toMatchInlineSnapshot(`
    "evaluation at step 8/16  epoch 1.0  loss 2.666  absolute_error 1.481
    step 4/16  epoch 0.5  loss 5.359  absolute_error 2.145  lr 0.05
    step 8/16  epoch 1.0  loss 4.937  absolute_error 2.128  lr 0.05
    evaluation at step 8/16  epoch 1.0  loss 2.666  absolute_error 1.481
    step 12/16  epoch 1.5  loss 1.866  absolute_error 1.231  lr 0.05
    step 16/16  epoch 2.0  loss 0.6528  absolute_error 0.7249  lr 0.05
    evaluation at step 16/16  epoch 2.0  loss 0.4969  absolute_error 0.6368
    finished at step 16/16  epoch 2.0  after 0:00
    epoch 2/2  ━━━━━━━━━━━━━━━━━━━━━━╸───────  12/16  80 samples/s  0:05 left
    loss 1.866  absolute_error 1.231  lr 0.05  | evaluation at 8: loss 2.666  absolute_error 1.481"
  `)
})

test.each([
  ['CI', 'true'],
  ['TERM', 'dumb'],
])('with %s=%s there are lines only', async (name, value) => {
  vi.stubEnv(name, value)
  const terminal = new EmulatedTerminal(100)
  await trainWith([progressBar({ terminal })], { ...small, steps: 4 })
  expect(await terminal.text()).toMatchInlineSnapshot(`
    "step 4/4  epoch 0.5  loss 5.359  absolute_error 2.145  lr 0.05
    finished at step 4/4  epoch 0.5  after 0:00"
  `)
})
