/** What JavaScript platforms have and the language's own library does not describe. */
import type { AbortSignalLike } from '@hookstep/core'

type Callback = (...args: unknown[]) => void

/** The functions that start and end timers. */
export interface Timers {
  setTimeout(callback: Callback, ms?: number, ...args: unknown[]): unknown
  setInterval(callback: Callback, ms?: number, ...args: unknown[]): unknown
  clearTimeout(timer: unknown): void
  clearInterval(timer: unknown): void
}

/** Node's `process`, in part. */
export interface Process {
  eventNames(): (string | symbol)[]
  listenerCount(event: string | symbol): number
}

interface Platform extends Timers {
  readonly AbortController: new () => { readonly signal: AbortSignalLike; abort(): void }
  /** In Node only. */
  readonly process?: Process
}

export const platform: Platform = globalThis as unknown as Platform

/** Settles after that many milliseconds. */
export function later(ms: number): Promise<void> {
  return new Promise((resolve) => {
    platform.setTimeout(() => resolve(), ms)
  })
}
