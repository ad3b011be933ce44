import { checkTrigger, every, type Hook, metrics, type Run, type Trigger, train } from '@hookstep/catalogue'
import { GpuWatch } from './gpu.ts'
import { Machine } from './machine.ts'

export interface SystemMetricsOptions {
  /** When they are taken, at the end of a step. Default `every('10 seconds', { last: true })`. */
  readonly when?: Trigger
}

/**
 * Measures how busy the process and its machine are, told as `metrics.measured` with the source `system`:
 *
 * - `cpu_percent` of one core that this process took, `machine_cpu_percent` of all cores that were busy, both since
 *   the last time;
 * - `rss_bytes` and `heap_bytes` of this process, `machine_memory_bytes` in use;
 * - `event_loop_delay_ms`, the mean, and `event_loop_delay_max_ms`: how much later than due timers ran;
 * - `gpu_0_percent`, `gpu_0_memory_bytes`, `gpu_0_watts` and `gpu_0_celsius`, of each GPU that `nvidia-smi` tells of.
 *   It is asked in the background: its numbers are as old as the last time.
 *
 * Nothing is measured where nobody listens. The main rank's process and machine only.
 *
 * ```ts
 * const hooks = [systemMetrics(), csv('runs/digits/numbers.csv')]
 * ```
 *
 * @throws TypeError on what is no trigger.
 */
export function systemMetrics(options: SystemMetricsOptions = {}): Hook {
  const { when = every('10 seconds', { last: true }) } = options
  checkTrigger(when)
  return {
    name: 'system-metrics',
    setup: (run) => (run.distributed.isMain ? follow(run, when) : undefined),
  }
}

function follow(run: Run, when: Trigger): () => void {
  const gpus = new GpuWatch()
  let machine: Machine | undefined
  run.subscribe(train.ready, () => {
    if (!run.hasSubscribers(metrics.measured)) return
    machine = new Machine()
    gpus.ask()
  })
  run.subscribe(
    train.step.post,
    ({ distributed, step, progress }) => {
      if (machine === undefined) return
      const values = { ...machine.look(), ...gpus.values }
      gpus.ask()
      return run.trigger(
        metrics.measured,
        Object.freeze({ distributed, step, progress, source: 'system', values }),
      )
    },
    { when },
  )
  return () => {
    machine?.close()
    gpus.close()
  }
}
