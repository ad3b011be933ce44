import {
  type Hook,
  type LiveArrays,
  type NamedArrays,
  type Run,
  type RunState,
  train,
} from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { type RunSummary, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { expect } from 'vitest'

export type Options = Omit<TrainerOptions, 'hooks'>

/** What became of a run. */
export interface Outcome {
  readonly summary: RunSummary
  /** The state at the end of each step. */
  readonly states: readonly RunState[]
  /** What the model held when the run had closed. */
  readonly parameters: NamedArrays
}

/** Trains; goes on from a state where one is given. */
export async function trainWith(hooks: readonly Hook[], options: Options, from?: RunState): Promise<Outcome> {
  const states: RunState[] = []
  const model = liveModel()
  let parameters: NamedArrays = {}
  const watching = [
    model.hook,
    // Closing events come to the first hook last.
    at(train.closed, async () => {
      parameters = await model.parameters.read()
    }),
    at(train.restore, (context) => from && context.restore(from)),
    at(train.checkpoint, async (context) => {
      states.push(stored(await context.capture()))
    }),
  ]
  await using trainer = new Trainer({ ...options, hooks: [...watching, ...hooks] })
  return { summary: await trainer.train(), states, parameters }
}

/** Resumes from the end of each step but the last, and expects the same end, bit for bit. */
export async function expectSameEndFromAnywhere(
  makeHooks: () => readonly Hook[],
  options: Options,
): Promise<void> {
  const uninterrupted = await trainWith(makeHooks(), options)
  expect(uninterrupted.states.length).toBeGreaterThan(1)
  for (const [index, state] of uninterrupted.states.slice(0, -1).entries()) {
    const resumed = await trainWith(makeHooks(), options, state)
    const expected = { ...uninterrupted, states: uninterrupted.states.slice(index + 1) }
    expect(lasting(resumed), `resumed from step ${state.step}`).toEqual(lasting(expected))
  }
}

/** What of a run is the same whether it was interrupted or not: everything but its times and its hooks' names. */
function lasting({ summary, states, parameters }: Outcome): unknown {
  const { outcome, reason, steps, samples, lastEvaluation } = summary
  const timeless = states.map(({ seconds, configuration, ...state }) => state)
  return { outcome, reason, steps, samples, lastEvaluation, states: timeless, parameters }
}

/** A hook that does something at an event. */
export function at<Context extends object>(
  event: Event<Context>,
  act: (context: Context, run: Run) => unknown,
): Hook {
  return {
    name: `at ${event.id} ${++hooks}`,
    setup(run) {
      run.subscribe(event, (context) => act(context, run))
    },
  }
}

let hooks = 0

/** Lets other hooks look at the model while it is trained. */
export function liveModel(): { readonly hook: Hook; readonly parameters: LiveArrays } {
  let live: LiveArrays | undefined
  const hook = at(train.configuration.model_stages, (context) => {
    live = context.parameters
  })
  const known = (): LiveArrays => live ?? expect.fail('there is no model yet')
  return { hook, parameters: { read: () => known().read(), write: (arrays) => known().write(arrays) } }
}

/** As a state comes back from storage: arrays by their bytes, all else as JSON. */
function stored({ session, ...rest }: RunState): RunState {
  return { ...JSON.parse(JSON.stringify(rest)), session: structuredClone(session) }
}
