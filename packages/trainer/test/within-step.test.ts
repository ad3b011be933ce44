import { every, type Hook, type RunState, train } from '@hookstep/catalogue'
import { corners, plainBackend } from '@hookstep/testing'
import { type Batch, cosine, type TrainerOptions } from '@hookstep/trainer'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { comparable, joined, logsApart, type Plot, play, type Story, stepsOf } from './interrupted-run.ts'

/** Two epochs of four steps, the last of an epoch a short one: noise, accumulation, clipping, evaluation, a step that is skipped. */
const options: TrainerOptions = {
  backend: plainBackend({ layers: [2, 5, 2], loss: 'cross_entropy', inputNoise: 0.1 }),
  data: corners({ samples: 22 }),
  batchSize: 3,
  accumulate: 2,
  steps: 7,
  seed: 11,
  learningRate: cosine({ from: 0.3 }),
  maxGradientNorm: 0.4,
  evaluate: { data: corners({ samples: 7, seed: 1 }), when: every('3 steps', { last: true }), batchSize: 3 },
  log: every('2 steps', { last: true }),
}

function skipping(): Hook {
  return {
    name: 'skipping',
    setup: (run) =>
      void run.subscribe(train.forward_backward.post, ({ step }) => {
        if (step === 3) run.skipStep('odd')
      }),
  }
}

const plot: Plot = { optionsOf: () => ({ ...options, hooks: [skipping()] }) }

/** What a process does that is told to go. */
const leave: Act = (run) => {
  run.stop('preempted', { now: true })
  run.save('preempted', { now: true })
}

type Act = NonNullable<Plot['at']>['act']

/** Interrupts a run at an event of one rank, and lets another go on. */
async function interrupted(plot: Plot, event: number, rank: number = 0): Promise<readonly Resumed[]> {
  const first = await play({ ...plot, at: { rank, event, act: leave } })
  const states = first.flatMap(({ kept }) => (kept === undefined ? [] : [kept.state]))
  // Asked for when all was done, nothing is left to be saved.
  if (states.length === 0) {
    for (const { summary } of first) expect(summary.outcome).toBe('finished')
    return first.map(({ lines, end }) => ({ lines: stepsOf(lines), end }))
  }
  const rest = await play({ ...plot, from: states })
  return first.map(({ lines }, at) => {
    const { lines: others, end } = rest[at] as Story
    return { lines: joined(lines, others), end }
  })
}

interface Resumed {
  readonly lines: string[]
  readonly end: RunState
}

/** The events behind which there is a moment for what is asked for at once, and some of the others. */
function moments(lines: readonly string[]): (readonly [event: number, id: string])[] {
  const isMoment = (index: number): boolean => /(batch|step)\.pre /.test(lines[index + 1] ?? 'step.pre ')
  return lines
    .map((line, index) => [index + 1, line.slice(0, line.indexOf(' '))] as const)
    .filter(([event]) => isMoment(event - 1) || event % 5 === 0)
}

beforeAll(() => {
  // A stream that is read again says so, each time.
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

describe('a run that saves and stops at once, wherever it is, goes on as if it had not', async () => {
  const [whole] = (await play(plot)) as [Story]

  test.each(moments(whole.lines))('asked for at event %i, %s', async (event) => {
    const [resumed] = (await interrupted(plot, event)) as [Resumed]
    expect(resumed.lines).toEqual(stepsOf(whole.lines))
    expect(comparable(resumed.end)).toEqual(comparable(whole.end))
  })

  test('and saving alone changes nothing', async () => {
    for (let event = 1; event <= whole.lines.length; event += 7) {
      const act: Act = (run) => run.save('to be safe', { now: true })
      const [saved] = (await play({ ...plot, at: { rank: 0, event, act } })) as [Story]
      expect(stepsOf(saved.lines)).toEqual(stepsOf(whole.lines))
      expect(comparable(saved.end)).toEqual(comparable(whole.end))
    }
  })
})

describe('a device whose numbers come late', async () => {
  const backend = plainBackend({ layers: [2, 5, 2], loss: 'cross_entropy', inputNoise: 0.1, readbackLag: 2 })
  const late: Plot = { optionsOf: () => ({ ...options, backend, log: every('1 step'), hooks: [skipping()] }) }
  const [whole] = (await play(late)) as [Story]

  test('brings them forward, and is exact all the same', async () => {
    for (let event = 6; event <= whole.lines.length; event += 5) {
      const [resumed] = (await interrupted(late, event)) as [Resumed]
      expect(logsApart(resumed.lines)).toEqual(logsApart(stepsOf(whole.lines)))
      expect(comparable(resumed.end)).toEqual(comparable(whole.end))
    }
  })
})

describe('a stream', async () => {
  const dataset = corners({ samples: 30 })
  const batches = (sizes: readonly number[]) => (): Iterable<Batch> =>
    sizes.map((size, at) =>
      dataset.batch(
        Uint32Array.from({ length: size }, (_, i) => (7 * at + i) % 30),
        undefined as never,
      ),
    ) as Batch[]
  const { batchSize, learningRate, ...rest } = options
  const streaming: Plot = {
    optionsOf: () => ({
      ...rest,
      learningRate: 0.1,
      data: batches([3, 2, 4, 1, 3]),
      evaluate: { data: batches([2, 3, 1]), when: every('2 steps', { last: true }) },
      hooks: [skipping()],
    }),
  }
  const [whole] = (await play(streaming)) as [Story]

  test('is read again up to where it was', async () => {
    for (const [event] of moments(whole.lines)) {
      const [resumed] = (await interrupted(streaming, event)) as [Resumed]
      expect(resumed.lines).toEqual(stepsOf(whole.lines))
      expect(comparable(resumed.end)).toEqual(comparable(whole.end))
    }
  })
})

describe('ranks', async () => {
  const several: Plot = { ...plot, worldSize: 3 }
  const whole = await play(several)

  test('save and stop at the same place, whichever of them is told to', async () => {
    for (let event = 1; event <= (whole[2] as Story).lines.length; event += 5) {
      const resumed = await interrupted(several, event, event % 3)
      for (const [rank, { lines, end }] of resumed.entries()) {
        const alone = whole[rank] as Story
        expect(lines).toEqual(stepsOf(alone.lines))
        expect(comparable(end)).toEqual(comparable(alone.end))
      }
    }
  })
})
