import {
  checkTrigger,
  type EvaluatedContext,
  evaluate,
  isDue,
  type LogContext,
  type Progress,
  type Run,
  type Trigger,
  train,
} from '@hookstep/catalogue'
import { check } from './check.ts'

/** Which number a hook watches, and what counts as better. */
export interface WatchOptions {
  /** Its name. Default `loss`. */
  readonly metric?: string
  /** Whether it is read from every evaluation or from every `train.log`. Default `evaluation`. */
  readonly of?: 'evaluation' | 'log'
  /** Whether small or large is good. Default `min` for `loss`; any other metric must say. */
  readonly mode?: 'min' | 'max'
  /** What is better by no more than this counts as no better. Default 0. */
  readonly minimumChange?: number
  /** Looks count once this has been due: `at('2 epochs')`. Default: from the first on. */
  readonly startFrom?: Trigger
}

export const watchNames: Readonly<Record<keyof WatchOptions, true>> = {
  metric: true,
  of: true,
  mode: true,
  minimumChange: true,
  startFrom: true,
}

export type ResolvedWatch = Required<Omit<WatchOptions, 'startFrom'>> & {
  readonly hook: string
  readonly startFrom: Trigger | undefined
}

/** @throws RangeError | TypeError on an option that cannot be, naming it. */
export function resolveWatch(hook: string, options: WatchOptions): ResolvedWatch {
  const { metric = 'loss', of = 'evaluation', minimumChange = 0, startFrom } = options
  const mode = options.mode ?? (metric === 'loss' ? 'min' : undefined)
  check(hook, 'of', of, of === 'evaluation' || of === 'log', "'evaluation' or 'log'")
  check(hook, 'minimumChange', minimumChange, minimumChange >= 0, 'at least 0')
  if (mode !== 'min' && mode !== 'max') {
    throw new RangeError(`${hook}: say mode: 'min' or mode: 'max': is a small or a large ${metric} good?`)
  }
  if (startFrom !== undefined) checkTrigger(startFrom)
  return { hook, metric, of, mode, minimumChange, startFrom }
}

/** What a watch remembers: the best value, how many looks since were no better, and the step of the last one. */
export type WatchState = { readonly best: number | null; readonly misses: number; readonly step: number }

/** A look at the number that a hook watches. */
export interface Look {
  readonly isBetter: boolean
  /** How many looks in a row were no better, this one included. */
  readonly misses: number
}

/** Watches one number of a run. */
export class Watch {
  state: WatchState = { best: null, misses: 0, step: 0 }
  private readonly options: ResolvedWatch

  constructor(options: ResolvedWatch) {
    this.options = options
  }

  /** Calls `act` after every look. */
  follow(run: Run, act: (look: Look) => void | Promise<void>): void {
    const { of, metric, startFrom } = this.options
    // A trigger that this run cannot answer is refused now.
    if (startFrom !== undefined) run.isDue(startFrom)
    const look = (context: EvaluatedContext | LogContext): void | Promise<void> => {
      // A run that goes on after a failure tells the same step again.
      if (context.step <= this.state.step || !this.hasStarted(context.progress)) return
      const value = this.valueIn(context)
      if (value !== undefined) return act(this.look(value, context.step))
    }
    if (of === 'log') run.subscribe(train.log, look)
    else run.subscribe(evaluate.post, look)
    run.subscribe(train.finished, () => {
      if (this.state.best === null) run.warn(`no ${of} had a finite ${metric}: nothing was done`)
    })
  }

  private look(value: number, step: number): Look {
    const { best, misses } = this.state
    const isBetter = this.isBetter(value, best)
    this.state = isBetter ? { best: value, misses: 0, step } : { best, misses: misses + 1, step }
    return { isBetter, misses: this.state.misses }
  }

  /** NaN is never better. */
  private isBetter(value: number, best: number | null): boolean {
    const { mode, minimumChange } = this.options
    if (best === null) return Number.isFinite(value)
    return mode === 'min' ? value < best - minimumChange : value > best + minimumChange
  }

  /** A log lacks the metrics of a step that was not known to be logged. @throws Error where an evaluation has none. */
  private valueIn({ values }: EvaluatedContext | LogContext): number | undefined {
    const { hook, metric, of } = this.options
    if (values[metric] !== undefined || of === 'log') return values[metric]
    throw new Error(`${hook}: the evaluation has no "${metric}"; it has ${Object.keys(values).join(', ')}`)
  }

  private hasStarted(progress: Progress): boolean {
    const { startFrom } = this.options
    return startFrom === undefined || isDue(startFrom, beginning, progress)
  }
}

const beginning: Progress = { step: 0, epochs: 0, samples: 0, seconds: 0, last: false }
