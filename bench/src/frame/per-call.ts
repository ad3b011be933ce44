import { measure } from 'mitata'
import { flags } from './flags.ts'

/**
 * The least time that a call takes, in nanoseconds: the fastest of many batches of 4096 calls, after
 * the compiler has settled; of single calls where one takes longer than 65 microseconds. Promises are awaited.
 */
export async function nanosecondsPerCall(call: () => unknown): Promise<number> {
  const { min } = await measure(call, {
    min_cpu_time: (flags.quick ? 2 : 150) * 1e6,
    // One call site, as in a program; several would share what the compiler may inline.
    batch_unroll: 1,
    gc: false,
  } as Parameters<typeof measure>[1])
  return min
}
