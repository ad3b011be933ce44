import type { SessionState } from '@hookstep/trainer'

/** What a session counts. Together with the arrays it says how to go on. */
export interface Counters {
  /** Of everything random; the saved one goes on. */
  readonly seed: number
  /** How many microbatches were learned from: each draws random numbers of its own. */
  readonly passes: number
  /** What the optimizer keeps once, by name: float32 values. */
  readonly optimizer: Readonly<Record<string, number>>
}

/** @throws Error where saved counters are not those of a session with these step slots. */
export function checkCounters(saved: SessionState['counters'], stepSlots: readonly string[]): Counters {
  const counters = saved as Partial<Counters> | null
  const { seed, passes, optimizer } = counters ?? {}
  if (!isNumber(seed) || !isNumber(passes) || typeof optimizer !== 'object') {
    throw new Error(
      `The state's counters are ${JSON.stringify(saved)}; seed, passes and optimizer are needed`,
    )
  }
  const names = Object.keys(optimizer)
  const wrong = [
    ...stepSlots.filter((name) => !isNumber(optimizer[name])),
    ...names.filter((name) => !stepSlots.includes(name)),
  ]
  if (wrong.length === 0) return { seed, passes, optimizer }
  throw new Error(
    `The state's counters of the optimizer are ${names.join(', ') || 'none'}; the task's are ${stepSlots.join(', ') || 'none'}`,
  )
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}
