import { every, type Hook, type Run, type RunState, train } from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { line, plainBackend } from '@hookstep/testing'
import { type RunSummary, Trainer, type TrainerOptions } from '@hookstep/trainer'
import type { CheckpointStore } from '../src/store.ts'

/** 16 steps of 8 samples in two microbatches, 8 an epoch; a log every 4, an evaluation after each epoch. */
const small: Omit<TrainerOptions, 'hooks'> = {
  backend: plainBackend({ layers: [1, 3, 1], inputNoise: 0.1 }),
  data: line({ samples: 64 }),
  batchSize: 4,
  accumulate: 2,
  learningRate: 0.05,
  log: every('4 steps'),
  evaluate: { data: line({ samples: 16, seed: 1 }) },
}

/** Trains for two epochs, or as many steps as are named. */
export async function trainWith(
  hooks: readonly Hook[],
  options: Partial<TrainerOptions> = {},
): Promise<RunSummary> {
  const length = options.steps === undefined ? { epochs: 2 } : {}
  await using trainer = new Trainer({ ...small, ...length, ...options, hooks })
  return await trainer.train()
}

/** What a run throws. */
export async function failure(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => 'it did not fail',
    (error: Error) => error.message,
  )
}

/** A hook that does something at an event. */
export function at<Context extends object>(
  event: Event<Context>,
  act: (context: Context, run: Run) => unknown,
  name: string = `at ${event.id}`,
): Hook {
  return {
    name,
    setup(run) {
      run.subscribe(event, (context) => act(context, run))
    },
  }
}

/** Does something at a step, once. */
export function atStep(step: number, act: (run: Run) => unknown): Hook {
  return at(train.step.pre, (context, run) => (context.step === step ? act(run) : undefined), `step ${step}`)
}

/** The state at the last moment for checkpoints that a run had. */
export interface LastState extends Hook {
  readonly state: RunState | undefined
}

export function lastState(): LastState {
  const hook = {
    name: 'last state',
    state: undefined as RunState | undefined,
    setup(run: Run) {
      run.subscribe(train.checkpoint, async (context) => {
        hook.state = await context.capture()
      })
    },
  }
  return hook
}

/** A hook with a state: how often it has been told of a step. */
export function counting(): Hook {
  return {
    name: 'counting',
    setup(run) {
      let steps = 0
      run.persist<number>({
        version: 1,
        save: () => steps,
        load: (saved) => {
          steps = saved
        },
      })
      run.subscribe(train.step.post, () => {
        steps++
      })
    },
  }
}

/** The same without what depends on the clock, and on which hooks there are. */
export function learnedBy({ state }: LastState): unknown {
  return { ...state, seconds: 0, configuration: null }
}

/** A store that does something before each checkpoint is made durable. */
export function watched(store: CheckpointStore, beforeCommit: (name: string) => unknown): CheckpointStore {
  return {
    ...store,
    async create(name) {
      const writer = await store.create(name)
      return {
        write: (file, parts) => writer.write(file, parts),
        discard: () => writer.discard(),
        async commit() {
          await beforeCommit(name)
          await writer.commit()
        },
      }
    },
    within: (name) => watched(store.within(name), (checkpoint) => beforeCommit(`${name}/${checkpoint}`)),
  }
}

/** Flips a bit in the middle of a checkpoint's parameters. */
export async function damage(store: CheckpointStore, name: string): Promise<void> {
  const contents = await contentsOf(store, name)
  await store.remove(name)
  const writer = await store.create(name)
  for (const [file, bytes] of contents) {
    const middle = bytes.length >> 1
    if (file === 'parameters.safetensors') bytes[middle] = (bytes[middle] as number) ^ 1
    await writer.write(file, [bytes])
  }
  await writer.commit()
}

async function contentsOf(
  store: CheckpointStore,
  name: string,
): Promise<[file: string, bytes: Uint8Array][]> {
  const reader = await store.open(name)
  const contents: [string, Uint8Array][] = []
  for (const [file, size] of Object.entries(await reader.files())) {
    const bytes = new Uint8Array(size)
    await reader.read(file, [bytes])
    contents.push([file, bytes])
  }
  await reader.close()
  return contents
}
