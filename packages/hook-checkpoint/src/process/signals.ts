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
 * Follows signals as long as a run goes. The second one that asks to stop ends the process: with exit code 128 and the
 * signal's number, as shells have it.
 *
 * @returns follows them no longer.
 */
export function followSignals(run: Run, signals: Signals): () => void {
  let isStopping = false
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(128 + constants.signals[signal])
    isStopping = true
    run.stop(signal, { now: true })
    run.warn(`${signal}: the run is saved and stops; once more, and the process ends at once`)
  }
  const follow = (signal: NodeJS.Signals): void => {
    run.save(signal, { now: true })
    if (signals[signal] === 'stop') stop(signal)
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
