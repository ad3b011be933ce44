import { train } from '@hookstep/catalogue'
import { type NanGuardOptions, nanGuard } from '@hookstep/hooks'
import { line, plainBackend } from '@hookstep/testing'
import { arrays, type Dataset, inMemoryGroup, type NdArray } from '@hookstep/trainer'
import { describe, expect, test, vi } from 'vitest'
import { at, expectSameEndAfterFailure, expectSameEndFromAnywhere, type Options, trainWith } from './runs.ts'

vi.spyOn(console, 'warn').mockImplementation(() => {})

/** The line's samples, in which those from `first` to `last` have another target. */
function spoilt(target: number, first: number, last: number = first, input?: number): Dataset {
  const whole = line({ samples: 32 }).batch(
    Uint32Array.from({ length: 32 }, (_, i) => i),
    undefined as never,
  )
  const { inputs, targets } = whole as Record<'inputs' | 'targets', NdArray>
  targets.data.fill(target, first, last + 1)
  if (input !== undefined) inputs.data.fill(input, first, last + 1)
  return arrays({ inputs, targets })
}

/** Batches of four in the order of the samples: step n has the samples from 4n - 4 to 4n - 1. */
const inOrder: Omit<Options, 'data'> = {
  backend: plainBackend(),
  batchSize: 4,
  shuffle: false,
  steps: 8,
  learningRate: 0.1,
  maxGradientNorm: 1,
}

/** Which steps updated the parameters, and how the run ended. */
async function story(
  data: Dataset,
  options: NanGuardOptions = {},
  others: Partial<Options> = {},
): Promise<string> {
  const updated: number[] = []
  const hooks = [nanGuard(options), at(train.optimizer_step.post, ({ step }) => updated.push(step))]
  const { summary } = await trainWith(hooks, { ...inOrder, ...others, data })
  const asked = summary.requests.filter(({ kind }) => kind === 'skipStep').map(({ reason }) => reason)
  return [`updated ${updated}`, ...asked, summary.reason ?? summary.outcome].join('; ')
}

describe('the NaN guard', () => {
  test('skips a step whose loss is not finite', async () => {
    expect(await story(spoilt(Number.NaN, 9))).toBe('updated 1,2,4,5,6,7,8; the loss is NaN; finished')
    expect(await story(spoilt(Infinity, 9))).toBe('updated 1,2,4,5,6,7,8; the loss is Infinity; finished')
  })

  test('skips a step whose gradients are not finite, though the loss is', async () => {
    const data = spoilt(-1e30, 9, 9, 1e30)
    expect(await story(data)).toBe('updated 1,2,4,5,6,7,8; the gradient norm is Infinity; finished')
  })

  test('a step that was skipped leaves the parameters as they were', async () => {
    const { states } = await trainWith([nanGuard()], { ...inOrder, data: spoilt(Number.NaN, 9) })
    const [before, after] = [states[1], states[2]].map((state) => state?.session)
    expect(after?.parameters).toEqual(before?.parameters)
    expect(after?.slots).toEqual(before?.slots)
  })

  test('ends a run whose losses do not become finite again', async () => {
    const hopeless = spoilt(Number.NaN, 16, 31)
    expect(await story(hopeless, { maximumInARow: 3 })).toBe(
      'updated 1,2,3,4; the loss is NaN; the loss is NaN; the loss is NaN; ' +
        'the loss is NaN; steps skipped in a row: 3',
    )
    expect(await story(hopeless, { maximumInARow: 1 })).toContain('steps skipped in a row: 1')
  })

  test('counts anew after a step that was taken', async () => {
    const twice = spoilt(Number.NaN, 9, 12)
    expect(await story(twice, { maximumInARow: 3 })).toBe(
      'updated 1,2,5,6,7,8; the loss is NaN; the loss is NaN; finished',
    )
    expect(await story(twice, { maximumInARow: 3 }, { steps: 16 })).toMatch(/; finished$/)
  })

  test('skips a spike where it is told to', async () => {
    const spike = spoilt(1000, 20, 23)
    expect(await story(spike)).toBe('updated 1,2,3,4,5,6,7,8; finished')
    expect(await story(spike, { spikeFactor: 100, spikeWindow: 4 })).toMatch(
      /^updated 1,2,3,4,5,7,8; the loss of 1000\d+\.\d+ is above 1234\.\d+; finished$/,
    )
    expect(await story(spike, { spikeFactor: 100, spikeWindow: 6 })).toBe('updated 1,2,3,4,5,6,7,8; finished')
  })

  test('guards backends that are late', async () => {
    const late = { backend: plainBackend({ readbackLag: 2 }) }
    expect(await story(spoilt(Number.NaN, 9), {}, late)).toBe(
      'updated 1,2,4,5,6,7,8; the loss is NaN; finished',
    )
  })

  test('makes all ranks skip a step that one of them refuses', async () => {
    const updated: string[] = []
    await Promise.all(
      inMemoryGroup(2).map((distributed, rank) => {
        const listening = at(train.optimizer_step.post, ({ step }) => updated.push(`${rank}: ${step}`))
        const options = { ...inOrder, batchSize: 2, steps: 4, distributed, data: spoilt(Number.NaN, 9) }
        return trainWith([nanGuard(), listening], options)
      }),
    )
    expect(updated.toSorted()).toEqual(['0: 1', '0: 2', '0: 4', '1: 1', '1: 2', '1: 4'])
  })

  test('comes to the same end wherever it is interrupted', async () => {
    await expectSameEndFromAnywhere(
      () => [nanGuard({ maximumInARow: 2, spikeFactor: 100, spikeWindow: 3 })],
      { ...inOrder, data: spoilt(1000, 20, 31) },
    )
  })

  test('counts a step once that is told again after a failure', async () => {
    const spiky = { ...inOrder, data: spoilt(1000, 20, 31) }
    const guard = () => [nanGuard({ maximumInARow: 3, spikeFactor: 100, spikeWindow: 3 })]
    await expectSameEndAfterFailure(guard, spiky, train.forward_backward.post)
  })

  test.each<[NanGuardOptions, string]>([
    [{ maximumInARow: 0 }, 'maximumInARow is 0; it must be a positive whole number'],
    [{ spikeFactor: 1 }, 'spikeFactor is 1; it must be more than 1'],
    [{ spikeWindow: -3 }, 'spikeWindow is -3; it must be a positive whole number'],
  ])('refuses %j', (options, message) => {
    expect(() => nanGuard(options)).toThrow(message)
  })
})
