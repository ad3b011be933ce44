import { every, type Hook, type LiveArrays, type NamedArrays, type Run, train } from '@hookstep/catalogue'
import { catalogueEvents, line, plainBackend } from '@hookstep/testing'
import { cosine, inMemoryGroup, type RunSummary, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'

const small: Omit<TrainerOptions, 'hooks'> = {
  backend: plainBackend({ layers: [2, 3, 1] }),
  data: line({ inputs: 2 }),
  batchSize: 8,
  steps: 4,
  learningRate: 0.05,
  log: every('1 steps'),
}

interface Live {
  parameters: LiveArrays
  gradients: LiveArrays
}

/** A hook that has the live arrays, and follows the run with them. */
function withLive(follow: (run: Run, live: Live) => void, name: string = 'live'): Hook {
  return {
    name,
    setup(run) {
      const live = {} as Live
      run.subscribe(
        train.configuration.model_stages,
        ({ parameters }) => void Object.assign(live, { parameters }),
      )
      run.subscribe(train.configuration.optimizer, ({ gradients }) => void Object.assign(live, { gradients }))
      follow(run, live)
    },
  }
}

async function trainWith(hooks: readonly Hook[], options: Partial<TrainerOptions> = {}): Promise<RunSummary> {
  await using trainer = new Trainer({ ...small, ...options, hooks })
  return await trainer.train()
}

function scaled(arrays: NamedArrays, factor: number): NamedArrays {
  const entries = Object.entries(arrays)
  return Object.fromEntries(
    entries.map(([name, { data, shape }]) => [name, { data: data.map((x) => factor * x), shape }]),
  )
}

/** What a run has learned, with what a hook does to it. */
async function learnedWith(follow: (run: Run, live: Live) => void): Promise<unknown> {
  let learned: unknown
  const last = withLive((run, live) => {
    run.subscribe(train.checkpoint, async (context) => {
      const { parameters, slots } = (await context.capture()).session
      expect(await live.parameters.read()).toEqual(parameters)
      learned = { parameters, slots }
    })
  }, 'last')
  await trainWith([withLive(follow), last])
  return learned
}

describe('live parameters', () => {
  test('are copies, and what is written is copied', async () => {
    const untouched = await learnedWith(() => {})
    const scribbling = await learnedWith((run, live) => {
      run.subscribe(train.step.post, async () => {
        const read = await live.parameters.read()
        await live.parameters.write(read)
        for (const { data } of Object.values(read)) data.fill(7)
      })
    })
    expect(scribbling).toEqual(untouched)
  })

  test('are trained on as they were written, slots and all else as before', async () => {
    const swapped = await learnedWith((run, live) => {
      let kept: NamedArrays = {}
      run.subscribe(train.step.post, async () => {
        kept = await live.parameters.read()
        await live.parameters.write(scaled(kept, 2))
      })
      run.subscribe(train.checkpoint, () => live.parameters.write(kept))
    })
    expect(swapped).toEqual(await learnedWith(() => {}))
    const halved = await learnedWith((run, live) => {
      run.subscribe(train.ready, async () => live.parameters.write(scaled(await live.parameters.read(), 0.5)))
    })
    expect(halved).not.toEqual(swapped)
  })

  test('are refused where they do not fit', async () => {
    const wrong = withLive((run, live) => {
      run.subscribe(train.ready, () =>
        live.parameters.write({ other: { data: Float32Array.of(1), shape: [1] } }),
      )
    })
    await expect(trainWith([wrong])).rejects.toThrow('parameter "layer1/kernel" is missing')
  })

  test('count as host syncs', async () => {
    const reading = withLive((run, live) => void run.subscribe(train.step.post, () => live.parameters.read()))
    const { hostSyncs } = await trainWith([reading])
    expect(hostSyncs - (await trainWith([])).hostSyncs).toBe(4)
  })
})

describe('live gradients', () => {
  test('are those of the update: parameters change by the learning rate times them', async () => {
    const differences: number[] = []
    const checking = withLive((run, live) => {
      let before: NamedArrays = {}
      run.subscribe(train.optimizer_step.pre, async () => {
        before = await live.parameters.read()
      })
      run.subscribe(train.optimizer_step.post, async () => {
        const [after, gradients] = [await live.parameters.read(), await live.gradients.read()]
        expect(Object.keys(gradients)).toEqual(Object.keys(after))
        for (const [name, { data, shape }] of Object.entries(gradients)) {
          expect(shape).toEqual(after[name]?.shape)
          for (const [i, gradient] of data.entries()) {
            const used = ((before[name]?.data[i] as number) - (after[name]?.data[i] as number)) / 0.05
            differences.push(Math.abs(used - gradient))
          }
        }
      })
    })
    await trainWith([checking], { backend: plainBackend({ layers: [2, 3, 1], momentum: 0 }) })
    expect(differences).toHaveLength(4 * 13)
    expect(Math.max(...differences)).toBeLessThan(1e-5)
  })

  test('can be changed before the update', async () => {
    const without = await learnedWith(() => {})
    const same = await learnedWith((run, live) => {
      run.subscribe(train.optimizer_step.pre, async () => live.gradients.write(await live.gradients.read()))
    })
    const reversed = await learnedWith((run, live) => {
      run.subscribe(train.optimizer_step.pre, async () => {
        await live.gradients.write(scaled(await live.gradients.read(), -1))
      })
    })
    expect(same).toEqual(without)
    expect(reversed).not.toEqual(without)
  })

  test("are a rank's own after its backward passes, and all ranks' before the update", async () => {
    const norms: number[][] = [[], []]
    await Promise.all(
      inMemoryGroup(2).map((distributed, rank) => {
        const reading = withLive((run, live) => {
          for (const event of [train.forward_backward.post, train.optimizer_step.pre]) {
            run.subscribe(event, async () => {
              const gradients = Object.values(await live.gradients.read()).flatMap(({ data }) => [...data])
              norms[rank]?.push(Math.hypot(...gradients))
            })
          }
        })
        return trainWith([reading], { distributed, steps: 1 })
      }),
    )
    const [[own = 0, all] = [], [others = 0, same] = []] = norms
    expect(own).not.toBe(others)
    expect(all).toBe(same)
  })

  test('are there at three events only', async () => {
    const told = new Set<string>()
    const reading = withLive((run, live) => {
      for (const event of catalogueEvents().values()) {
        run.subscribe(event, async () => {
          const known = await live.gradients?.read().catch((error: Error) => error)
          if (known !== undefined && !(known instanceof Error)) told.add(event.id)
        })
      }
    })
    await trainWith([reading], { evaluate: { data: line({ inputs: 2 }) } })
    expect([...told]).toEqual([
      'train.forward_backward.post',
      'train.optimizer_step.pre',
      'train.optimizer_step.post',
    ])
  })

  test.each<[string, (gradients: NamedArrays) => NamedArrays, string]>([
    [
      'one is missing',
      ({ 'layer1/bias': _, ...others }) => others,
      'the gradient of "layer1/bias" is missing',
    ],
    [
      'one is too many',
      (gradients) => ({ ...gradients, extra: { data: Float32Array.of(1), shape: [1] } }),
      'there is no parameter "extra"',
    ],
    [
      'a shape differs',
      (gradients) => ({ ...gradients, 'layer1/bias': { data: new Float32Array(2), shape: [2] } }),
      'the gradient of "layer1/bias" must be float32 of the shape [3]; it has the shape [2] and 2 numbers',
    ],
    [
      'a shape is not filled',
      (gradients) => ({ ...gradients, 'layer1/bias': { data: new Float32Array(2), shape: [3] } }),
      'it has the shape [3] and 2 numbers',
    ],
  ])('are refused where %s', async (_, change, message) => {
    const wrong = withLive((run, live) => {
      run.subscribe(train.optimizer_step.pre, async () => {
        await live.gradients.write(change(await live.gradients.read()))
      })
    })
    await expect(trainWith([wrong])).rejects.toThrow(message)
  })
})

describe('a learning rate that hooks adjust', () => {
  const adjusting = (name: string, change: (rate: number, step: number) => number): Hook => ({
    name,
    setup(run) {
      run.subscribe(train.configuration.lr_scheduler, ({ adjust }) => adjust(change))
    },
  })

  test('passes through them in their order, step by step', async () => {
    const rates: unknown[] = []
    const planned: number[] = []
    const listening: Hook = {
      name: 'listening',
      setup(run) {
        run.subscribe(train.configuration.lr_scheduler, ({ learningRate }) => {
          planned.push(...[1, 2, 3, 4].map(learningRate))
        })
        run.subscribe(train.log, ({ values }) => rates.push(values.learning_rate))
      },
    }
    const hooks = [
      adjusting('halving', (rate) => rate / 2),
      adjusting('shifting', (rate, step) => rate + step),
      listening,
    ]
    await trainWith(hooks, { learningRate: 0.5 })
    expect(rates).toEqual([1.25, 2.25, 3.25, 4.25])
    expect(planned).toEqual(rates)
  })

  test('trains as a schedule of the same rates does', async () => {
    const parameters = async (options: Partial<TrainerOptions>): Promise<unknown> => {
      await using trainer = new Trainer({ ...small, ...options })
      await trainer.train()
      return trainer.predict({ inputs: { data: Float32Array.of(1, 2), shape: [1, 2] } })
    }
    const schedule = cosine({ from: 0.1 })
    const adjusted = await parameters({
      learningRate: 1,
      hooks: [adjusting('cosine', (_, step) => schedule(step, 4))],
    })
    expect(adjusted).toEqual(await parameters({ learningRate: schedule }))
  })

  test('must stay a number', async () => {
    await expect(trainWith([adjusting('wrong', () => Number.NaN)])).rejects.toThrow(
      'the learning rate of step 1 is NaN: the schedule, and hooks that adjust it, must give a number',
    )
  })

  test('is adjusted by those who say so in time', async () => {
    const late: Hook = {
      name: 'late',
      setup(run) {
        let adjust: (change: (rate: number) => number) => void
        run.subscribe(train.configuration.lr_scheduler, (context) => {
          adjust = context.adjust
        })
        run.subscribe(train.ready, () => adjust((rate) => rate))
      },
    }
    await expect(trainWith([late])).rejects.toThrow(
      'adjust() can be called while train.configuration.lr_scheduler is delivered only',
    )
  })
})
