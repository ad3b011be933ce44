import { every, type Hook, type NamedArrays, never, type RunState, train } from '@hookstep/catalogue'
import { type Batch, type RunSummary, random, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { line } from '../datasets.ts'
import { copyOf } from '../named-arrays.ts'
import { plainBackend } from '../plain-backend.ts'

/** A hook to be tested, and what it is allowed. */
export interface HookSubject {
  /** Makes the hook anew. One that stores something gets a place of its own each time. */
  readonly hook: () => Hook | Promise<Hook>
  /** Whether it may change what is learned: it skips steps, or changes gradients. Default false. */
  readonly changesTraining?: boolean
  /** How often it may wait for the device, on the mean of all steps. Default 0. */
  readonly hostSyncsPerStep?: number
  /** Whether it goes on where it ended when it is used for another run, as a checkpoint hook does. Default false. */
  readonly resumes?: boolean
  /** Whether its state depends on the time: it need not be the same in a run that was resumed. Default false. */
  readonly timed?: boolean
}

/** What became of a run. */
export interface Rehearsal {
  readonly summary: RunSummary
  /** The state at the end of each step, the first one's first. */
  readonly states: readonly RunState[]
}

/** The options of a run, its hooks aside. */
export type RehearsalOptions = Omit<TrainerOptions, 'hooks'>

/** 12 steps of two microbatches, 3 steps an epoch, and nothing besides. */
export const bare: RehearsalOptions = {
  backend: plainBackend({ layers: [2, 4, 1], inputNoise: 0.05 }),
  data: line({ samples: 24, inputs: 2 }),
  steps: 12,
  batchSize: 4,
  accumulate: 2,
  learningRate: 0.05,
  log: never,
  seed: 5,
}

const measured: Pick<TrainerOptions, 'maxGradientNorm' | 'log' | 'evaluate'> = {
  maxGradientNorm: 1,
  log: every('2 steps', { last: true }),
  evaluate: { data: line({ samples: 8, inputs: 2, seed: 1 }), when: every('1 epoch', { last: true }) },
}

/** The same with logs, evaluations and clipped gradients. */
export const usual: RehearsalOptions = { ...bare, ...measured }

/** Batches as they come: nobody knows how many there will be. */
export const streamed: RehearsalOptions = {
  backend: plainBackend({ layers: [2, 4, 1] }),
  data: batches,
  epochs: 2,
  accumulate: 2,
  learningRate: 0.05,
  ...measured,
}

function* batches(epoch: number): Generator<Batch> {
  const { length, batch } = line({ samples: 12, inputs: 2, seed: epoch })
  for (let first = 0; first < length; first += 4) {
    yield batch(Uint32Array.of(first, first + 1, first + 2, first + 3), random(0)) as Batch
  }
}

/** Trains with hooks, and captures the state at the end of each step. */
export async function rehearse(
  hooks: readonly Hook[],
  options: RehearsalOptions = usual,
): Promise<Rehearsal> {
  const states: RunState[] = []
  const trainer = new Trainer({ ...options, hooks: [capturing(states), ...hooks] })
  try {
    return { summary: await trainer.train(), states }
  } finally {
    await trainer.close()
  }
}

function capturing(states: RunState[]): Hook {
  return {
    name: 'contract/capturing',
    setup(run) {
      run.subscribe(train.checkpoint, async (context) => {
        states.push(await context.capture())
      })
    },
  }
}

/** A hook that puts the run where a saved one was, then calls `restored`. */
export function restoring(state: RunState, restored: () => void = () => {}): Hook {
  return {
    name: 'contract/restoring',
    setup(run) {
      run.subscribe(train.restore, async (context) => {
        await context.restore(state)
        restored()
      })
    },
  }
}

/** A state as it comes back from storage: arrays by their bytes, all else as JSON. */
export function stored(state: RunState): RunState {
  const { session, ...rest } = state
  const { parameters, slots, counters } = session
  return {
    ...json(rest),
    session: { parameters: copyOf(parameters), slots: copyOf(slots), counters: json(counters) },
  }
}

export function json<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value
}

/** Parameters and slots together. */
export function learned({ session }: RunState): NamedArrays {
  return { ...session.parameters, ...session.slots }
}
