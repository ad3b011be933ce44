import {
  at,
  every,
  type Hook,
  type RequestKind,
  type Run,
  type RunState,
  type Trigger,
} from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { catalogueEvents, line, plainBackend } from '@hookstep/testing'
import { type Batch, type Data, type ProcessGroup, random, type TrainerOptions } from '@hookstep/trainer'
import { beforeAll, expect, test, vi } from 'vitest'
import { comparable, joined, logsApart, type Plot, play, type Story, stepsOf } from './interrupted-run.ts'

const seed = Number(process.env.HOOKSTEP_SEED ?? Date.now() % 1_000_000)
const runs = Number(process.env.HOOKSTEP_RUNS ?? 12)

beforeAll(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

/** A source of choices. */
class Draw {
  private readonly numbers
  constructor(...keys: readonly (number | string)[]) {
    this.numbers = random(seed, ...keys)
  }

  below(bound: number): number {
    return this.numbers.below(bound)
  }

  flip(share: number): boolean {
    return this.numbers.next() < share
  }

  of<Choice>(...choices: readonly Choice[]): Choice {
    return choices[this.below(choices.length)] as Choice
  }
}

/** A run of any options, of which other hooks ask what they like. */
function drawPlot(key: number): { readonly plot: Plot; readonly isLate: boolean } {
  const draw = new Draw('plot', key)
  const worldSize = draw.of(1, 1, 1, 2, 3)
  const isStream = draw.flip(0.3)
  const lag = draw.of(0, 0, 0, 1, 3)
  const steps = 1 + draw.below(8)
  const length = draw.of({ steps }, { epochs: 1 + draw.below(2) }, { steps, epochs: 2 })
  const asked = Array.from({ length: draw.below(5) }, () => drawRequest(draw, worldSize, lag > 0))
  const samples = 12 + draw.below(24)
  const shared = {
    backend: plainBackend({ layers: [1, 3, 1], inputNoise: draw.of(0, 0.1), readbackLag: lag }),
    accumulate: 1 + draw.below(3),
    ...length,
    seed: draw.below(1000),
    learningRate: (step: number) => 0.05 / step,
    ...(draw.flip(0.5) && { maxGradientNorm: 0.3 }),
    log: drawTrigger(draw),
  }
  const order = isStream
    ? {}
    : {
        batchSize: 1 + draw.below(3),
        shuffle: draw.flip(0.5),
        prefetch: draw.below(3),
      }
  const evaluated = draw.flip(0.8) && {
    when: drawTrigger(draw),
    ...(draw.flip(0.3)
      ? { data: stream(key, 'evaluated', 3) }
      : { data: line({ samples: 3 + draw.below(8), seed: 9 }), batchSize: 1 + draw.below(3) }),
  }
  const optionsOf = ({ rank }: ProcessGroup): TrainerOptions => ({
    ...shared,
    ...order,
    data: isStream ? stream(key, 'trained', 4 + (key % 5)) : line({ samples }),
    ...(evaluated && { evaluate: evaluated }),
    hooks: [asking(asked.filter((request) => request.rank === rank))],
  })
  return { plot: { worldSize, optionsOf }, isLate: lag > 0 }
}

function drawTrigger(draw: Draw): Trigger {
  const last = draw.flip(0.5)
  return draw.of(
    every(`${1 + draw.below(3)} steps`, { last }),
    every('7 samples', { last }),
    every('1 epoch', { last }),
    at('2 steps', '3 steps'),
  )
}

/** Batches of any sizes; each rank has its own, and not as many. */
function stream(key: number, name: string, batches: number): Data {
  const dataset = line({ samples: 60, seed: 2 })
  return (epoch, { rank }) => {
    const draw = new Draw(name, key, epoch, rank)
    return Array.from({ length: batches + draw.below(2) }, () => {
      const indices = Uint32Array.from({ length: 1 + draw.below(4) }, () => draw.below(60))
      return dataset.batch(indices, undefined as never) as Batch
    })
  }
}

interface Asked {
  readonly rank: number
  readonly id: string
  readonly step: number
  readonly kind: RequestKind
  readonly now: boolean
}

function drawRequest(draw: Draw, worldSize: number, isLate: boolean): Asked {
  const ids = [...catalogueEvents().keys()].filter((id) => ofStep.test(id))
  // What is told early of a late device could be asked for earlier, too.
  const id = draw.of(...ids.filter((event) => !(isLate && event === 'train.log')))
  const kind = draw.of<RequestKind>('save', 'evaluate', 'log', 'skipStep')
  return {
    rank: draw.below(worldSize),
    id,
    step: draw.below(6),
    kind,
    now: kind === 'save' && draw.flip(0.5),
  }
}

/** Told once of a step, by whichever run: at others, a hook without a state would ask again. */
const ofStep = /^(train\.(step|batch|forward_backward|microbatch|optimizer_step|log|epoch\.post)|evaluate)\b/

/** Which part of a step an event is of. */
interface Place {
  readonly microbatch?: number
  readonly batch?: unknown
}

/** Asks at the first of an event's deliveries of a step: where it is told again after a stop it asks again. */
function asking(requests: readonly Asked[]): Hook {
  return {
    name: 'asking',
    setup(run) {
      for (const { id, step, kind, now } of requests) {
        run.subscribe(catalogueEvents().get(id) as Event<Place>, (context) => {
          if (run.progress.step !== step || (context.microbatch ?? context.batch ?? 1) !== 1) return
          if (kind === 'log') run.log()
          else if (kind === 'save') run.save('drawn', { now })
          else if (kind === 'evaluate' || kind === 'skipStep') run[kind]('drawn')
        })
      }
    },
  }
}

const leave = (run: Run): void => {
  run.stop('drawn', { now: true })
  run.save('leaving', { now: true })
}

/** Interrupts a run up to three times; tells what all of them were told, and where the last one ended. */
async function interruptedStory(key: number, plot: Plot, whole: readonly Story[]) {
  const draw = new Draw('interruptions', key)
  let from: readonly RunState[] | undefined
  let told: readonly string[][] = whole.map(() => [])
  for (let left = 1 + draw.below(3); left > 0; left--) {
    const rank = draw.below(whole.length)
    const event = 1 + draw.below((whole[rank] as Story).lines.length)
    const story = await play({ ...plot, ...(from && { from }), at: { rank, event, act: leave } })
    told = story.map(({ lines }, at) => joined(told[at] as string[], lines))
    if (story.every(({ summary }) => summary.outcome === 'finished')) return { told, ends: story }
    from = story.map(({ kept }) => kept?.state as RunState)
  }
  const rest = await play({ ...plot, ...(from && { from }) })
  return { told: rest.map(({ lines }, at) => joined(told[at] as string[], lines)), ends: rest }
}

/** What is asked for behind the last step is not continued: all steps are done. */
function isEvaluatedLate(lines: readonly string[]): boolean {
  const last = lines.findLastIndex((line) => line.startsWith('train.step.post '))
  return lines.slice(last).some((line) => line.startsWith('evaluate.'))
}

test.each(Array.from({ length: runs }, (_, key) => key))(
  `drawn runs go on as if they had not been interrupted (seed ${seed}): run %i`,
  async (key) => {
    const { plot, isLate } = drawPlot(key)
    const whole = await play(plot)
    if (whole.some(({ lines }) => isEvaluatedLate(lines))) return
    const { told, ends } = await interruptedStory(key, plot, whole)
    for (const [rank, { lines, end }] of whole.entries()) {
      const [actual, expected] = [told[rank] as string[], stepsOf(lines)]
      expect(isLate ? logsApart(actual) : actual).toEqual(isLate ? logsApart(expected) : expected)
      expect(comparable(ends[rank]?.end as RunState)).toEqual(comparable(end))
    }
  },
)
