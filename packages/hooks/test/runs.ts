import {
  evaluate,
  type Hook,
  type LiveArrays,
  type NamedArrays,
  type Run,
  type RunState,
  train,
} from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { faultyHook } from '@hookstep/testing'
import { type RunSummary, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { expect } from 'vitest'

export type Options = Omit<TrainerOptions, 'hooks'>

/** What became of a run. */
export interface Outcome {
  readonly summary: RunSummary
  /** The state at the end of each step. */
  readonly states: readonly RunState[]
  /** States that were taken within a step, because a hook asked for one at once. */
  readonly partial: readonly RunState[]
  /** What the model held when the run had closed. */
  readonly parameters: NamedArrays
}

/** Trains; goes on from a state where one is given. */
export async function trainWith(hooks: readonly Hook[], options: Options, from?: RunState): Promise<Outcome> {
  const states: RunState[] = []
  const partial: RunState[] = []
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
      const list = context.isWithinStep ? partial : states
      list.push(stored(await context.capture()))
    }),
  ]
  await using trainer = new Trainer({ ...options, hooks: [...watching, ...hooks] })
  return { summary: await trainer.train(), states, partial, parameters }
}

/** Resumes from some forty places, within steps and at their ends, and expects the same end, bit for bit. */
export async function expectSameEndFromAnywhere(
  makeHooks: () => readonly Hook[],
  options: Options,
): Promise<void> {
  const hooks = () => [savingAtOnce(), ...makeHooks()]
  const uninterrupted = await trainWith(hooks(), options)
  const { states, partial } = uninterrupted
  expect(partial.length).toBeGreaterThanOrEqual(states.length)
  for (const from of spread([...partial, ...states.slice(0, -1)])) {
    const resumed = await trainWith(hooks(), options, from)
    const expected = { ...uninterrupted, states: states.filter(({ step }) => step > from.step) }
    const place = `resumed at step ${from.step}, ${from.partial?.next}`
    expect(lasting(resumed), place).toEqual(lasting(expected))
  }
}

/**
 * Lets another hook fail, captures the run where it failed, and goes on from there without that failure: expects
 * the end of a run that did not fail, though the event is told again.
 */
export async function expectSameEndAfterFailure<Context extends object>(
  makeHooks: () => readonly Hook[],
  options: Options,
  event: Event<Context>,
): Promise<void> {
  let captured: RunState | undefined
  const capturing = at(train.failed, async (context) => {
    captured = stored(await context.capture())
  })
  const failing = faultyHook({ at: event, fault: 'throws', delivery: 3 })
  await expect(trainWith([capturing, ...makeHooks(), failing], options)).rejects.toThrow('on purpose')
  const resumed = await trainWith(makeHooks(), options, captured)
  const whole = await trainWith(makeHooks(), options)
  const step = captured?.step ?? 0
  const expected = { ...whole, states: whole.states.filter((state) => state.step > step) }
  expect(captured?.partial?.next).toBe(event.id)
  expect(lasting(resumed)).toEqual(lasting(expected))
}

/** Some forty of them. Places come in pairs, one before the passes of a step and one after: an odd stride meets both. */
function spread(places: readonly RunState[]): readonly RunState[] {
  const stride = 2 * Math.floor(places.length / 80) + 1
  return places.filter((_, at) => at % stride === 0)
}

/** Asks for a checkpoint at once, wherever one can be taken within a step. */
function savingAtOnce(): Hook {
  return {
    name: 'saving at once',
    setup(run) {
      for (const event of [
        train.forward_backward.pre,
        train.microbatch.post,
        evaluate.pre,
        evaluate.step.post,
      ]) {
        run.subscribe<object>(event, () => run.save('at once', { now: true }))
      }
    },
  }
}

/** What of a run is the same whether it was interrupted or not: what it learned, and what hooks remember. */
function lasting({ summary, states, parameters }: Outcome): unknown {
  const { outcome, reason, steps, samples, lastEvaluation } = summary
  const timeless = states.map(({ step, session, data, hooks }) => ({ step, session, data, hooks }))
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
