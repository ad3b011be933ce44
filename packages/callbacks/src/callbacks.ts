import type { Hook, Run } from '@hookstep/catalogue'
import type { Cleanup } from '@hookstep/core'
import { callbackHook } from './callback-hook.ts'
import { checkList } from './check.ts'
import { FollowedRun } from './followed-run.ts'
import { type CallbacksOptions, type Policy, policyOf } from './policy.ts'
import { type CallbackSource, nameOf, type TrainerCallback, toCallback } from './trainer-callback.ts'

/** Callbacks as one hook. */
export interface Callbacks extends Hook {
  /** Those that are there, in the order in which they are called. */
  readonly list: readonly TrainerCallback[]
  /**
   * Adds a callback; a run under way tells it of what comes from now on.
   *
   * @returns the callback.
   * @throws TypeError on what is no callback, on one that is there already, and on one that keeps a state while a run is under way.
   */
  add(source: CallbackSource): TrainerCallback
  /**
   * Removes a callback, or all of a class. Calls that wait for it in the background are still made; no others.
   *
   * @returns those that were removed.
   */
  remove(which: TrainerCallback | CallbackClass): readonly TrainerCallback[]
}

/** A class of callbacks, however it is made. */
export type CallbackClass = abstract new (...args: never[]) => TrainerCallback

/**
 * Makes one hook of class-based callbacks. Each is called in order, in the background of the run, on a queue of its own:
 * the run waits neither for it nor for its errors, which are reported, and slow ones hold back no others. At the end the run waits
 * up to 10 seconds for all of them.
 *
 * ```ts
 * class Losses extends TrainerCallback {
 *   readonly losses: number[] = []
 *   override onLog({ loss = NaN }: TrainingContext) {
 *     this.losses.push(loss)
 *   }
 * }
 *
 * const hooks = [callbacks([Losses])]
 * ```
 *
 * @param sources callbacks, or classes whose constructors take nothing.
 * @throws TypeError on what is no list, on what is no callback, on one that is there twice, on an option that there is not, and on
 *   options that do not go together.
 */
export function callbacks(sources: readonly CallbackSource[], options: CallbacksOptions = {}): Callbacks {
  return new CallbackList(sources, options)
}

/** A callback, and the hook that is made of it. */
interface Member {
  readonly callback: TrainerCallback
  readonly hook: Hook
}

class CallbackList implements Callbacks {
  readonly name: string
  private readonly policy: Policy
  /** By the names of their classes, numbered where there are several of one. */
  private readonly members = new Map<string, Member>()
  private readonly runs = new Set<FollowedRun>()

  constructor(sources: readonly CallbackSource[], options: CallbacksOptions) {
    this.name = options.name ?? 'callbacks'
    this.policy = policyOf(options)
    checkList('callbacks', sources)
    for (const source of sources) this.add(source)
  }

  get list(): readonly TrainerCallback[] {
    return [...this.members.values()].map(({ callback }) => callback)
  }

  async setup(run: Run): Promise<Cleanup> {
    const followed = new FollowedRun(run)
    // From now on, and not when all are set up: callbacks may come and go in the meantime.
    this.runs.add(followed)
    try {
      for (const { hook } of this.members.values()) followed.join(hook)
      await followed.ready()
    } catch (error) {
      this.runs.delete(followed)
      throw error
    }
    return () => {
      this.runs.delete(followed)
      return followed.end()
    }
  }

  add(source: CallbackSource): TrainerCallback {
    const callback = toCallback(source)
    const name = this.freeName(callback)
    if (this.list.includes(callback))
      throw new TypeError(`callbacks: this ${nameOf(callback)} is there already`)
    if (this.runs.size > 0 && callback.saveState !== undefined) {
      throw new TypeError(`callbacks: ${name} keeps a state: add it before the run, which restores it`)
    }
    const hook = this.policy(callbackHook(name, callback))
    this.members.set(name, { callback, hook })
    for (const run of this.runs) run.join(hook)
    return callback
  }

  remove(which: TrainerCallback | CallbackClass): readonly TrainerCallback[] {
    const isMeant = (callback: TrainerCallback): boolean =>
      typeof which === 'function' ? callback instanceof which : callback === which
    const removed = [...this.members.values()].filter(({ callback }) => isMeant(callback))
    for (const { hook } of removed) {
      this.members.delete(hook.name)
      for (const run of this.runs) run.leave(hook.name)
    }
    return removed.map(({ callback }) => callback)
  }

  private freeName(callback: TrainerCallback): string {
    const name = nameOf(callback)
    let free = name
    for (let number = 2; this.members.has(free); number++) free = `${name}#${number}`
    return free
  }
}
