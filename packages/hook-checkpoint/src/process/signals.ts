import { constants } from 'node:os'
import type { Run } from '@hookstep/catalogue'

/**
 * What a signal asks of a run: to save at once and go on, or to save at once and stop. That is done before the next
 * microbatch.
 */
export type OnSignal = 'save' | 'stop'

export type Signals = Readonly<Partial<Record<NodeJS.Signals, OnSignal>>>

/** Those of them that the platform has: Windows has no SIGUSR1. */
export function defaultSignals(): Signals {
  const signals: Signals = { SIGINT: 'stop', SIGTERM: 'stop', SIGUSR1: 'save' }
  return Object.fromEntries(Object.entries(signals).filter(([signal]) => signal in constants.signals))
}

/**
 * Within this time a wish to stop is told once, however often it comes: a terminal, a process manager and a parent such as npm
 * may each hand on the same signal.
 */
const echoMs = 1000

/**
 * Follows signals as long as a run goes. The second one that asks to stop, a second or more after the first, ends the
 * process: with exit code 128 and the signal's number, as shells have it.
 *
 * @returns follows them no longer.
 */
export function followSignals(run: Run, signals: Signals): () => void {
  let stoppingSince: number | undefined
  const stop = (signal: NodeJS.Signals): void => {
    stoppingSince = performance.now()
    run.save(signal, { now: true })
    run.stop(signal, { now: true })
    run.warn(`${signal}: the run is saved and stops; once more, and the process ends at once`)
  }
  const follow = (signal: NodeJS.Signals): void => {
    if (signals[signal] === 'save') run.save(signal, { now: true })
    else if (stoppingSince === undefined) stop(signal)
    else if (performance.now() - stoppingSince >= echoMs) process.exit(128 + constants.signals[signal])
  }
  const names = Object.keys(signals) as NodeJS.Signals[]
  for (const name of names) process.on(name, follow)
  return () => {
    for (const name of names) process.off(name, follow)
  }
}

/** @throws TypeError | RangeError on a signal or a wish that there is not. */
export function checkSignals(signals: Signals): void {
  for (const [signal, wish] of Object.entries(signals)) {
    if (!(signal in constants.signals) || signal === 'SIGKILL' || signal === 'SIGSTOP') {
      throw new RangeError(`checkpoint: signals: a process cannot follow ${JSON.stringify(signal)}`)
    }
    if (wish !== 'save' && wish !== 'stop') {
      throw new RangeError(`checkpoint: signals.${signal} is ${JSON.stringify(wish)}; write 'save' or 'stop'`)
    }
  }
}
