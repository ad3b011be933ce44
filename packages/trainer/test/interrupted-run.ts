import {
  type CheckpointContext,
  type Hook,
  type Run,
  type RunState,
  type StepContext,
  train,
} from '@hookstep/catalogue'
import { catalogueEvents } from '@hookstep/testing'
import {
  inMemoryGroup,
  type ProcessGroup,
  type RunSummary,
  Trainer,
  type TrainerOptions,
} from '@hookstep/trainer'

/** What a rank was told, and where it stood at the end. */
export interface Story {
  /** A line for each event, with all that its context says. */
  readonly lines: string[]
  readonly summary: RunSummary
  /** At the last `train.checkpoint` of the run. */
  readonly end: RunState
  /** What was captured where a hook had asked for it, and how many lines had been told by then. */
  readonly kept:
    | { readonly state: RunState; readonly lines: number; readonly isWithinStep: boolean }
    | undefined
  /** What a failing run left. */
  readonly left: RunState | undefined
}

export interface Plot {
  readonly worldSize?: number
  readonly optionsOf: (group: ProcessGroup) => Omit<TrainerOptions, 'distributed'>
  /** A hook of this rank does this when it is told the n-th event, counted from 1. */
  readonly at?: { readonly rank: number; readonly event: number; readonly act: (run: Run) => unknown }
  /** What each rank goes on from. */
  readonly from?: readonly RunState[]
}

/** Plays a run on every rank. One that fails rejects, unless `left` is asked for. */
export function play(plot: Plot): Promise<readonly Story[]> {
  return Promise.all(inMemoryGroup(plot.worldSize ?? 1).map((group) => playRank(plot, group)))
}

async function playRank({ optionsOf, at, from }: Plot, distributed: ProcessGroup): Promise<Story> {
  const { rank } = distributed
  const told = chronicle(at?.rank === rank ? at : undefined)
  const keeper = keeperOf(told.lines, from?.[rank])
  const { hooks = [], ...options } = optionsOf(distributed)
  await using trainer = new Trainer({ ...options, distributed, hooks: [told, tally(), ...hooks, keeper] })
  const summary = await trainer.train().catch((error) => {
    if (keeper.left === undefined) throw error
    return { outcome: 'failed', warnings: [] } as unknown as RunSummary
  })
  const end = (keeper.end ?? from?.[rank]) as RunState
  return { lines: told.lines, summary, end, kept: keeper.kept, left: keeper.left }
}

/** Writes down every event, and acts at one of them. */
function chronicle(at: Plot['at']): Hook & { readonly lines: string[] } {
  const lines: string[] = []
  return {
    name: 'chronicle',
    lines,
    setup(run) {
      for (const event of catalogueEvents().values()) {
        run.subscribe(event, async (context) => {
          lines.push(await lineOf(event.id, context))
          if (lines.length === at?.event) await at.act(run)
        })
      }
    },
  }
}

async function lineOf(id: string, context: object): Promise<string> {
  const { distributed, capture, ...facts } = context as Record<string, unknown>
  const numbers = 'loss' in facts ? await numbersOf(context as StepContext) : {}
  return `${id} ${JSON.stringify({ ...facts, ...numbers }, plain)}`
}

/** The step's own numbers, where they are known. */
async function numbersOf({ loss, gradientNorm }: StepContext): Promise<object> {
  return {
    loss: await loss().catch(() => 'unknown'),
    gradientNorm: (await gradientNorm().catch(() => 'unknown')) ?? 'none',
  }
}

/** Without what differs from run to run, and what is live. */
function plain(key: string, value: unknown): unknown {
  if (key === 'seconds' || key === 'model' || key === 'optimizer' || key === 'requests') return undefined
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array)
  return value
}

/** Keeps a state of its own across a stop. */
function tally(): Hook {
  let seen = { batches: 0, samples: 0, losses: 0, evaluated: 0 }
  return {
    name: 'tally',
    setup(run) {
      run.subscribe(train.batch.post, ({ size }) => {
        seen = { ...seen, batches: seen.batches + 1, samples: seen.samples + size }
      })
      run.subscribe(train.optimizer_step.post, async ({ loss }) => {
        const value = await loss()
        seen = { ...seen, losses: seen.losses + value }
      })
      run.subscribe(catalogueEvents().get('evaluate.step.post') as never, () => {
        seen = { ...seen, evaluated: seen.evaluated + 1 }
      })
      run.persist({
        version: 1,
        save: async () => seen,
        load: (saved: typeof seen) => {
          seen = saved
        },
      })
    },
  }
}

interface Keeper extends Hook {
  end: RunState | undefined
  kept: Story['kept']
  left: RunState | undefined
}

/** Restores a state, and keeps what is captured: as plain values, as if it had been written and read. */
function keeperOf(lines: readonly string[], from: RunState | undefined): Keeper {
  const keep = async ({ capture, requests, isWithinStep }: CheckpointContext): Promise<void> => {
    const state = structuredClone(await capture())
    keeper.end = state
    if (requests.length > 0) keeper.kept = { state, lines: lines.length, isWithinStep }
  }
  const keeper: Keeper = {
    name: 'keeper',
    end: undefined,
    kept: undefined,
    left: undefined,
    setup(run) {
      run.subscribe(train.restore, ({ restore }) => (from === undefined ? undefined : restore(from)))
      run.subscribe(train.checkpoint, keep)
      run.subscribe(train.failed, async ({ capture }) => {
        keeper.left = structuredClone(await capture())
      })
    },
  }
  return keeper
}

/** Told by every run, whatever it goes on from. */
const opening = /^train\.(configuration\.|restore |ready )/

/** What was told of the steps: without what is told of a stop, and of what was asked for. */
export function stepsOf(lines: readonly string[]): string[] {
  return lines.filter(
    (line) => !opening.test(line) && !/^train\.(checkpoint|stopped|finished|failed|closed) /.test(line),
  )
}

/** What was told before a run was interrupted, and by the one that went on. */
export function joined(before: readonly string[], after: readonly string[]): string[] {
  const [first, rest] = [stepsOf(before), stepsOf(after)]
  // The epoch that was under way is told again.
  const isAgain = rest[0]?.startsWith('train.epoch.pre') && epochUnderWay(first) === epochOf(rest[0])
  return [...first, ...(isAgain ? rest.slice(1) : rest)]
}

function epochUnderWay(lines: readonly string[]): number | undefined {
  const last = lines.findLast((line) => line.startsWith('train.epoch.'))
  return last?.startsWith('train.epoch.pre') ? epochOf(last) : undefined
}

function epochOf(line: string): number {
  return Number(/"epoch":(\d+)/.exec(line)?.[1])
}

/** The same where numbers come late: a checkpoint brings them forward. */
export function logsApart(lines: readonly string[]): readonly (readonly string[])[] {
  const isLog = (line: string): boolean => line.startsWith('train.log ')
  return [lines.filter((line) => !isLog(line)), lines.filter(isLog)]
}

/**
 * All that must be the same bits at the end. The clock goes on, the data may stand at the next epoch already, and
 * nobody decides any more what is still asked for.
 */
export function comparable({ seconds, data, requests, configuration, ...state }: RunState): object {
  return state
}
