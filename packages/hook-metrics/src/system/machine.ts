import { cpus, freemem, totalmem } from 'node:os'
import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Values } from '@hookstep/catalogue'

/** The event loop is looked at every so many milliseconds: what it is late by is its delay. */
const resolutionMs = 10

/** What the process and its machine were busy with since the last look. */
export class Machine {
  private readonly loop: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs })
  private before: Sighting = sighting()

  constructor() {
    this.loop.enable()
  }

  /** Looks at them: the same names each time. Percentages are of the time since the last look. */
  look(): Values {
    const now = sighting()
    const { before } = this
    this.before = now
    const busy = now.machineBusyMs - before.machineBusyMs
    const all = now.machineMs - before.machineMs
    return {
      // Of one core: a process with several threads can be above 100.
      cpu_percent: (100 * (now.processMs - before.processMs)) / (now.atMs - before.atMs),
      // The machine counts in hundredths of a second.
      machine_cpu_percent: all > 0 ? (100 * busy) / all : 0,
      ...memory(),
      ...this.delays(),
    }
  }

  close(): void {
    this.loop.disable()
  }

  private delays(): Values {
    const { count, mean, max } = this.loop
    this.loop.reset()
    // A loop that had no turn tells with its next one by how much that was late.
    return {
      event_loop_delay_ms: count > 0 ? lateBy(mean) : 0,
      event_loop_delay_max_ms: count > 0 ? lateBy(max) : 0,
    }
  }
}

function memory(): Values {
  const { rss, heapUsed } = process.memoryUsage()
  return { rss_bytes: rss, heap_bytes: heapUsed, machine_memory_bytes: totalmem() - freemem() }
}

/** Times since some beginning. */
interface Sighting {
  readonly atMs: number
  /** Of this process, on all cores. */
  readonly processMs: number
  /** Of all cores, busy or idle. */
  readonly machineMs: number
  readonly machineBusyMs: number
}

function sighting(): Sighting {
  const { user, system } = process.cpuUsage()
  const times = cpus().map((core) => core.times)
  const machineMs = times.flatMap((time) => Object.values(time)).reduce((sum, ms) => sum + ms, 0)
  const idleMs = times.reduce((sum, { idle }) => sum + idle, 0)
  return {
    atMs: performance.now(),
    processMs: (user + system) / 1000,
    machineMs,
    machineBusyMs: machineMs - idleMs,
  }
}

function lateBy(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - resolutionMs)
}
