import { measure } from 'mitata'
import { flags } from './flags.ts'

/**
 * The least time that a call takes, in nanoseconds: the fastest of many batches of 16384 calls, after
 * the compiler has settled. Promises are awaited. For what takes microseconds at most.
 */
export async function nanosecondsPerCall(call: () => unknown): Promise<number> {
  const { min } = await measure(call, {
    min_cpu_time: (flags.quick ? 2 : 60) * 1e6,
    min_samples: flags.quick ? 1 : 4,
    // Long enough for a clock that counts tens of nanoseconds, and never a single call, slow as the first ones may be.
    batch_samples: 16384,
    batch_threshold: Number.POSITIVE_INFINITY,
    warmup_threshold: Number.POSITIVE_INFINITY,
    // One call site, as in a program; several would share what the compiler may inline.
    batch_unroll: 1,
    gc: false,
  } as Parameters<typeof measure>[1])
  return min
}
