import { chmod, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { every, train, type Values } from '@hookstep/catalogue'
import { history, throughput } from '@hookstep/hook-metrics'
import { systemMetrics } from '@hookstep/hook-metrics/node'
import { inMemoryGroup } from '@hookstep/trainer'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { parseGpus } from '../src/system/gpu.ts'
import { temporaryFolder } from './processes.ts'
import { at, evaluated, holdClock, small, takingTime, trainWith } from './runs.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

describe('system metrics', () => {
  const measuring = systemMetrics({ when: every('4 steps') })
  /** As nvidia-smi prints it: the second GPU is one that keeps most to itself. */
  const twoGpus = '0, 37, 21503, 412.57, 54\n1, [N/A], 3, [Not Supported], 33\n'

  beforeEach(() => vi.stubEnv('PATH', ''))

  test('tell what process and machine are busy with', async () => {
    const seen = history()
    const working = at(train.step.pre, () => {
      const until = performance.now() + 2
      while (performance.now() < until);
    })
    await trainWith([seen, measuring, working], small)
    expect(seen.measured.map(({ step, source }) => `${source} ${step}`).join(', ')).toBe(
      'system 4, system 8, system 12, system 16',
    )
    const last = seen.measured.at(-1)?.values as Record<string, number>
    expect(Object.keys(last)).toEqual(
      expect.arrayContaining(['cpu_percent', 'rss_bytes', 'heap_bytes', 'machine_memory_bytes']),
    )
    for (const [name, value] of Object.entries(last)) expect([name, value >= 0]).toEqual([name, true])
    const { cpu_percent: busy, rss_bytes: rss, heap_bytes: heap, machine_memory_bytes: machine } = last
    expect([Number(busy) > 10, Number(heap) > 1e6, Number(rss) > Number(heap) / 2]).toEqual([
      true,
      true,
      true,
    ])
    expect(machine).toBeGreaterThan(1e7)
  })

  test('tell by how much the event loop is late', async () => {
    const seen = history()
    const blocking = at(train.step.pre, async ({ step }) => {
      if (step !== 2) return
      await new Promise((resolve) => setTimeout(resolve, 30))
      const until = performance.now() + 60
      while (performance.now() < until);
      await new Promise((resolve) => setTimeout(resolve, 30))
    })
    await trainWith([seen, blocking, measuring], { ...small, epochs: 1 })
    expect(seen.measured[0]?.values.event_loop_delay_max_ms).toBeGreaterThan(30)
  })

  test('are measured on the main rank, and where somebody listens', async () => {
    const groups = inMemoryGroup(2)
    const seen = groups.map(() => history())
    await Promise.all(
      groups.map((distributed, rank) =>
        trainWith([seen[rank] ?? history(), measuring], { ...small, batchSize: 4, distributed }),
      ),
    )
    expect(seen.map(({ measured }) => measured.length)).toEqual([4, 0])
    await trainWith([measuring], small)
  })

  test('have those of GPUs, which are asked in the background', async () => {
    const folder = await temporaryFolder()
    const tool = join(folder, 'nvidia-smi')
    await writeFile(
      tool,
      `#!/bin/sh\n/bin/echo "$@" >> ${folder}/asked\nprintf '${twoGpus.replaceAll('\n', '\\n')}'\n`,
    )
    await chmod(tool, 0o755)
    vi.stubEnv('PATH', `${folder}${delimiter}/none`)
    const seen = history()
    const patient = at(train.step.post, async ({ step }, run) => {
      const answered = (): boolean => seen.measured.some(({ values }) => 'gpu_0_percent' in values)
      if (step > 1 && !answered()) await new Promise((resolve) => setTimeout(resolve, 20))
      if (answered()) run.stop('answered')
    })
    await trainWith([seen, systemMetrics({ when: every('1 step') }), patient], { ...small, epochs: 50 })
    expect(gpusIn(seen.measured[0]?.values)).toEqual([])
    expect(gpusIn(seen.measured.at(-1)?.values)).toEqual(Object.entries(parseGpus(twoGpus)))
  })

  test('read what nvidia-smi prints, and leave out what a GPU does not tell', () => {
    expect(parseGpus(twoGpus)).toEqual({
      gpu_0_percent: 37,
      gpu_0_memory_bytes: 21503 * 2 ** 20,
      gpu_0_watts: 412.57,
      gpu_0_celsius: 54,
      gpu_1_memory_bytes: 3 * 2 ** 20,
      gpu_1_celsius: 33,
    })
    expect(parseGpus('No devices were found\n')).toEqual({})
    expect(parseGpus('')).toEqual({})
  })

  test('need a trigger', () => {
    expect(() => systemMetrics({ when: 10 as never })).toThrow('10 is not a trigger')
  })
})

function gpusIn(values: Values = {}): [string, number][] {
  return Object.entries(values).filter(([name]) => name.startsWith('gpu'))
}

describe('throughput', () => {
  test('is told with each log, without the first step and without evaluations', async () => {
    holdClock()
    const seen = history()
    await trainWith([seen, throughput(), ...takingTime()], evaluated)
    const rounded = seen.measured.map(({ step, source, values }) => ({
      step,
      source,
      ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Math.round(value)])),
    }))
    expect(rounded).toEqual(
      [4, 8, 12, 16].map((step) => ({
        step,
        source: 'throughput',
        samples_per_second: 80,
        steps_per_second: 10,
      })),
    )
  })
})
