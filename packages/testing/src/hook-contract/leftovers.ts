import { type Process, platform, type Timers } from '../platform.ts'

/**
 * Runs the body and says what it left behind: timers that still run, listeners on Node's process.
 * The global timer functions are watched meanwhile.
 */
export async function leftovers(body: () => Promise<void>): Promise<string[]> {
  const listeners = countListeners(platform.process)
  const timers = watchTimers(platform)
  try {
    await body()
    return [...timers.running(), ...added(listeners, countListeners(platform.process))]
  } finally {
    timers.unwatch()
  }
}

interface TimerWatch {
  /** What kinds of timers have been started and neither fired nor been cleared. */
  running(): string[]
  unwatch(): void
}

function watchTimers(timers: Timers): TimerWatch {
  const { setTimeout, setInterval, clearTimeout, clearInterval } = timers
  const running = new Map<unknown, string>()
  timers.setTimeout = (callback, ms, ...args) => {
    const timer = setTimeout(() => {
      running.delete(timer)
      callback(...args)
    }, ms)
    running.set(timer, `a timeout of ${ms} ms`)
    return timer
  }
  timers.setInterval = (callback, ms, ...args) => {
    const timer = setInterval(callback, ms, ...args)
    running.set(timer, `an interval of ${ms} ms`)
    return timer
  }
  timers.clearTimeout = (timer) => {
    running.delete(timer)
    clearTimeout(timer)
  }
  timers.clearInterval = (timer) => {
    running.delete(timer)
    clearInterval(timer)
  }
  const unwatch = (): void => {
    Object.assign(timers, { setTimeout, setInterval, clearTimeout, clearInterval })
  }
  return { running: () => [...running.values()], unwatch }
}

type Counts = ReadonlyMap<string | symbol, number>

function countListeners(process: Process | undefined): Counts {
  return new Map(process?.eventNames().map((event) => [event, process.listenerCount(event)]))
}

function added(before: Counts, after: Counts): string[] {
  return [...after]
    .filter(([event, count]) => count > (before.get(event) ?? 0))
    .map(([event]) => `a listener for ${String(event)} on the process`)
}
