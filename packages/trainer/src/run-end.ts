import type { AbortSignalLike } from '@hookstep/core'

/** Aborts when the run is over: the subscriptions that are left end with it, and those that ended before are forgotten. */
export class RunEnd implements AbortSignalLike {
  aborted = false
  private readonly listeners = new Set<() => void>()

  addEventListener(_: 'abort', listener: () => void): void {
    this.listeners.add(listener)
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.listeners.delete(listener)
  }

  abort(): void {
    this.aborted = true
    for (const listener of this.listeners) listener()
  }
}

/** Aborts when either does. */
export function either(one: AbortSignalLike, other: AbortSignalLike): AbortSignalLike {
  return {
    get aborted() {
      return one.aborted || other.aborted
    },
    addEventListener(type, listener) {
      one.addEventListener(type, listener)
      other.addEventListener(type, listener)
    },
    removeEventListener(type, listener) {
      one.removeEventListener(type, listener)
      other.removeEventListener(type, listener)
    },
  }
}
