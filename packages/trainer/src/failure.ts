import { HookError } from '@hookstep/core'
import type { RunServices } from './hook-run.ts'

/** What made a run fail: its first error, while what must be done at the end is done all the same. */
export class Failure {
  private first: { readonly error: unknown } | undefined
  private readonly warn: (message: string) => void

  /** @param warn told of every error but the first. */
  constructor(warn: (message: string) => void) {
    this.warn = warn
  }

  /** Does what must be done whether or not it works. */
  async attempt(action: () => unknown): Promise<void> {
    try {
      await action()
    } catch (error) {
      this.keep(error)
    }
  }

  keep(error: unknown): void {
    if (this.first === undefined) this.first = { error }
    else if (error !== this.first.error) this.warn(`after the failure: ${messageOf(error)}`)
  }

  /** @throws the first error, where there was one. */
  rethrow(): void {
    if (this.first !== undefined) throw this.first.error
  }
}

/** Where a hook has failed its error says it; else it is where the run is. */
export function placeOf(error: unknown, at: string): string {
  const named = (error as { at?: unknown } | undefined)?.at
  return typeof named === 'string' ? named : at
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A hook that tells an event waits for those who hear it: where it fails meanwhile, they may be to blame. */
export function withWaitedFor(
  error: unknown,
  { bus, tellings }: Pick<RunServices, 'bus' | 'tellings'>,
): unknown {
  const { name, hook, at, cause } = Object(error) as Partial<HookError>
  const event = hook === undefined ? undefined : tellings.get(hook)
  if (name !== 'HookError' || hook === undefined || at === undefined || event === undefined) return error
  const listeners = [...new Set(bus.subscribers(event))].join(', ')
  const finding = `${messageOf(cause)}; it was waiting until ${event.id} is heard by ${listeners}`
  return new HookError(hook, at, new Error(finding, { cause }))
}
