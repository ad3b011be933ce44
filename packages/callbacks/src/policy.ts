import type { Hook, Run } from '@hookstep/catalogue'
import { type BackgroundOptions, background, isolated } from '@hookstep/core/policies'
import { checkNames } from './check.ts'

interface Named {
  /** The hook's name, for errors and saved states. Default `callbacks`. */
  readonly name?: string
}

/** Callbacks in the background. */
export interface QueuedOptions extends Named, BackgroundOptions {
  readonly inline?: false
  /** After so many failures a callback is called no more. Default: never. */
  readonly disableAfter?: number
}

/** Callbacks within the run. */
export interface InlineOptions extends Named {
  /**
   * The run calls them one after another, waits for each, and ends with the first error. Default false: in the
   * background, on a queue for each callback; its errors are reported, and the run goes on.
   */
  readonly inline: true
}

export type CallbacksOptions = QueuedOptions | InlineOptions

/** What is done to the hook of each callback. */
export type Policy = (hook: Hook) => Hook

const names: Readonly<Record<keyof QueuedOptions, true>> = {
  name: true,
  inline: true,
  disableAfter: true,
  capacity: true,
  overflow: true,
  drainMs: true,
  handlerTimeoutMs: true,
}

/** @throws TypeError on an option that there is not, and on options of a queue where there is none. */
export function policyOf(options: CallbacksOptions): Policy {
  checkNames('callbacks', options, names)
  if (options.inline) return inlinePolicy(options)
  const { name: _, inline: __, disableAfter, ...queue } = options
  return (hook) =>
    isolated<Run>(background<Run>(hook, queue), disableAfter === undefined ? {} : { disableAfter })
}

function inlinePolicy({ name: _, inline: __, ...others }: InlineOptions): Policy {
  const [option] = Object.keys(others)
  if (option === undefined) return (hook) => hook
  throw new TypeError(`callbacks: ${option} is about the background, and inline: true leaves that out`)
}
