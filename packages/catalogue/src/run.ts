import type {
  AbortSignalLike,
  Hook as CoreHook,
  Event,
  Handler,
  SubscribeOptions,
  Unsubscribe,
} from '@hookstep/core'
import type { Incident } from '@hookstep/core/policies'
import type { Distributed, Progress } from './progress.ts'
import type { Json } from './state.ts'
import type { Trigger } from './trigger.ts'

/** An installable thing that follows a run of training, evaluation or inference. */
export type Hook = CoreHook<Run>

/** How a hook subscribes: as on the bus, or with a trigger for `when`. */
export interface RunSubscribeOptions<Context extends object>
  extends Omit<SubscribeOptions<Context>, 'when' | 'hook'> {
  /** The handler runs only when this is due at the step under way, or returns true. */
  readonly when?: Trigger | ((context: Context) => boolean)
}

export interface RequestOptions {
  /**
   * Done before the next microbatch or evaluation batch rather than at the end of the step: for a process that is
   * told to go. What a checkpoint captures then continues within the step, exactly. With both asked for at once,
   * the run saves, then stops.
   */
  readonly now?: boolean
}

/** State that a hook keeps across a stop and a resume. Saved with every checkpoint under the hook's name. */
export interface PersistedState<State extends Json = Json> {
  /** Of the form that `save` returns; a whole number, raised when the form changes. */
  readonly version: number
  /** A checkpoint waits for what it returns; no event comes in the meantime. */
  save(): State | Promise<State>
  /** A restore waits for what it returns. Throws, or rejects, on a state that it cannot take. */
  load(state: State): void | Promise<void>
  /** Brings a state of an older version to this one. Without it, another version is refused. */
  migrate?(state: Json, version: number): State
}

/** What a hook's `setup` receives: the run, as that hook may use it. */
export interface Run {
  readonly distributed: Distributed
  /** Every option as it was resolved. */
  readonly configuration: Json
  /** Where the run stands now. */
  readonly progress: Progress
  /** Aborts when the run is to end at once. */
  readonly signal: AbortSignalLike

  /** Adds a handler. It goes when the run closes, if not before. */
  subscribe<Context extends object>(
    event: Event<Context>,
    handler: Handler<NoInfer<Context>>,
    options?: RunSubscribeOptions<NoInfer<Context>>,
  ): Unsubscribe
  /** Delivers an event of the hook's own. */
  trigger<Context extends object>(event: Event<Context>, context: NoInfer<Context>): void | Promise<void>
  hasSubscribers(event: Event<object>): boolean

  /** Whether a trigger is due at the step under way: the same answer throughout a step. */
  isDue(trigger: Trigger): boolean

  /** Ends the run after what is due at this step. */
  stop(reason: string, options?: RequestOptions): void
  /** Asks for a checkpoint at the end of this step. */
  save(reason: string, options?: RequestOptions): void
  /** Asks for an evaluation at the end of this step. */
  evaluate(reason: string): void
  /** Asks that the numbers of this step are logged, or of the next one where this one's moment is past. */
  log(): void
  /**
   * Drops the gradients of this step: the parameters stay as they are, everything else goes on. To be
   * asked until `train.optimizer_step.pre`; later, it is the next step that is skipped.
   */
  skipStep(reason: string): void

  /** Declares the hook's state. Once per hook, in `setup`. */
  persist<State extends Json>(state: PersistedState<State>): void
  /** Tells the user something that does not end the run: printed once, and in the run's summary. */
  warn(message: string): void
  /** Tells of a handler that failed, or was passed over, without ending the run: counted in the summary, and an event. */
  report(incident: Incident): void
}
