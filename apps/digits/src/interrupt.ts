import type { Hook } from '@hookstep/catalogue'

const signals = ['SIGINT', 'SIGTERM'] as const

/** How long a run that is to end at once is given to do so. */
const patienceMs = 5000

/**
 * Follows Ctrl-C: the first asks the run to stop after the step under way, the second ends it at once.
 * A SIGTERM counts alike.
 */
export function stopOnInterrupt(abort: () => void): Hook {
  return {
    name: 'interrupt',
    setup(run) {
      let interrupted = false
      const interrupt = (signal: string): void => {
        if (interrupted) {
          abort()
          setTimeout(() => process.exit(130), patienceMs).unref()
          return
        }
        interrupted = true
        run.stop(signal)
        run.warn(`${signal}: the run stops after this step; once more, and it ends at once`)
      }
      for (const signal of signals) process.on(signal, interrupt)
      return () => {
        for (const signal of signals) process.off(signal, interrupt)
      }
    },
  }
}
