import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { dirname, join } from 'node:path'
import { evaluate, every, metrics, type RunState, train, type Values } from '@hookstep/catalogue'
import { type Dashboard, dashboard, journal } from '@hookstep/hook-metrics/node'
import { faultyHook, hookContract } from '@hookstep/testing'
import { inMemoryGroup } from '@hookstep/trainer'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { resuming, saving } from './checkpoints.ts'
import { ask } from './dashboard/ask.ts'
import { pointsOf, Viewer } from './dashboard/viewer.ts'
import { bundle, shell, temporaryFolder } from './processes.ts'
import { at, evaluated, small, trainWith } from './runs.ts'
import { telling } from './telling.ts'

let lines: string[]

beforeEach(() => {
  lines = []
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

/** A page that ends with the test, on a port of its own. */
function kept(options: Parameters<typeof dashboard>[0] = {}): Dashboard {
  const shown = dashboard({ port: 0, keepOpen: true, ...options })
  onTestFinished(() => shown.close())
  return shown
}

describe('the live page', () => {
  test('grows while the run trains, and tells how it stands', async () => {
    const shown = dashboard({ port: 0, name: 'first try' })
    const viewers: Viewer[] = []
    const told: unknown[] = []
    const looking = at(train.epoch.post, async ({ progress }) => {
      viewers[0] ??= await Viewer.open(shown.url)
      const [viewer] = viewers as [Viewer]
      await viewer.until(() => viewer.run.status.step === progress.step)
      const { state, step, totalSteps, epoch, samples } = viewer.run.status
      const losses = pointsOf(viewer.run, 'train/loss').map(([at]) => at)
      told.push({ state, step, totalSteps, epoch, samples, losses })
    })
    await trainWith([shown, looking], small)
    const [viewer] = viewers as [Viewer]
    await viewer.ended
    expect(told).toEqual([
      { state: 'running', step: 8, totalSteps: 16, epoch: 1, samples: 64, losses: [4, 8] },
      { state: 'running', step: 16, totalSteps: 16, epoch: 2, samples: 128, losses: [4, 8, 12, 16] },
    ])
    expect(viewer.run.about).toMatchObject({ name: 'first try', worldSize: 1, configuration: { epochs: 2 } })
    expect(viewer.run.status).toMatchObject({ state: 'finished', step: 16 })
    expect(lines).toEqual([expect.stringMatching(/^live page: http:\/\/127\.0\.0\.1:\d+\/$/)])
    expect(shown.url).toBe(undefined)
  })

  test('tells who comes late, or again, all of it', async () => {
    const shown = kept()
    const logged: [string, number, Values][] = []
    const listening = at(train.log, ({ step, values }) => logged.push(['train', step, values]))
    const evaluating = at(evaluate.post, ({ step, values }) => logged.push(['evaluation', step, values]))
    await trainWith([shown, listening, evaluating, telling(9)], { ...evaluated, maxGradientNorm: 1 })
    const [first, second] = [await Viewer.open(shown.url), await Viewer.open(shown.url)]
    for (const viewer of [first, second]) {
      await viewer.until(() => viewer.run.status.state === 'finished' && viewer.run.media.length === 4)
      for (const [source, step, values] of logged) {
        for (const [name, value] of Object.entries(values)) {
          expect(pointsOf(viewer.run, `${source}/${name}`)).toContainEqual([step, value])
        }
      }
      expect([...viewer.run.series.keys()].sort()).toEqual([
        'evaluation/absolute_error',
        'evaluation/loss',
        'system/broken',
        'system/cpu_percent',
        'throughput/samples_per_second',
        'train/absolute_error',
        'train/gradient_norm',
        'train/learning_rate',
        'train/loss',
      ])
      expect(pointsOf(viewer.run, 'system/broken')).toEqual([[9, null]])
      expect(viewer.run.media.map(({ name, step }) => `${name} at ${step}`)).toEqual([
        'words at 9',
        'picture at 9',
        'gradients/kernel at 9',
        'guesses at 9',
      ])
    }
  })

  test('says why a run failed', async () => {
    const shown = kept()
    const failing = faultyHook({ at: train.step.post, fault: 'throws', delivery: 3 })
    await trainWith([shown, failing], small).catch(() => {})
    const viewer = await Viewer.open(shown.url)
    expect(viewer.run.status).toMatchObject({
      state: 'failed',
      step: 3,
      reason: 'Hook "faulty" failed at train.step.post: faulty on purpose',
    })
  })

  test('shows other runs beside, by their journals', async () => {
    const folder = await temporaryFolder()
    const files = ['one', 'two'].map((name) => join(folder, name, 'journal.jsonl'))
    for (const file of files) await trainWith([journal(file)], small)
    const shown = kept({ name: 'now', compare: files })
    await trainWith([shown], small)
    const viewer = await Viewer.open(shown.url)
    await viewer.until(() => viewer.runs.length === 3 && viewer.runs.every(({ series }) => series.size > 0))
    expect(viewer.runs.map(({ about: { name, file } }) => [name, file])).toEqual([
      ['now', undefined],
      ['one', files[0]],
      ['two', files[1]],
    ])
    const losses = viewer.runs.map((run) => pointsOf(run, 'train/loss'))
    expect(losses[1]).toEqual(losses[0])
  })

  test('begins anew with another run of the same hook, where it was', async () => {
    const shown = kept()
    await trainWith([shown], small)
    const { url } = shown
    const viewer = await Viewer.open(url)
    await viewer.until(() => viewer.run.status.state === 'finished')
    await trainWith([shown], { ...small, epochs: 1 })
    await viewer.until(() => viewer.run.status.state === 'finished' && viewer.run.status.step === 8)
    expect([shown.url, pointsOf(viewer.run, 'train/loss').length]).toEqual([url, 2])
  })

  test('shows from the journal what came before a resume', async () => {
    const file = join(await temporaryFolder(), 'journal.jsonl')
    const states: RunState[] = []
    await trainWith([journal(file), saving(9, states)], small)
    const written = journal(file)
    const shown = kept({ journal: written })
    await trainWith([written, shown, resuming(states[0])], small)
    const viewer = await Viewer.open(shown.url)
    await viewer.until(() => viewer.run.series.size > 0)
    expect(pointsOf(viewer.run, 'train/loss').map(([step]) => step)).toEqual([4, 8, 12, 16])
    expect(viewer.run.about.name).toBe(dirname(file).split('/').at(-1))
  })

  test('is served by the main rank alone', async () => {
    const hooks = inMemoryGroup(2).map((distributed) => ({ distributed, shown: kept() }))
    await Promise.all(
      hooks.map(({ distributed, shown }) => trainWith([shown], { ...small, batchSize: 4, distributed })),
    )
    expect(hooks.map(({ shown }) => shown.url === undefined)).toEqual([false, true])
  })

  for (const { name, run } of hookContract({ hook: () => dashboard({ port: 0 }) })) test(name, run)
})

describe('a page that nobody reads to the end', () => {
  test('does not hold the run up', async () => {
    const shown = dashboard({ port: 0 })
    const looking = at(train.step.pre, async ({ step }) => {
      if (step !== 1) return
      const socket = connect(Number(new URL(shown.url as string).port), '127.0.0.1')
      onTestFinished(() => void socket.destroy())
      await once(socket, 'connect')
      socket.pause().write('GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n')
    })
    // Much more than the buffers of a connection hold.
    const text = 'x'.repeat(1_000_000)
    const talking = at(train.step.post, (context, run) => {
      const { distributed, progress, step } = context
      return run.trigger(metrics.media, {
        distributed,
        progress,
        step,
        name: `${step}`,
        media: { kind: 'text', text },
      })
    })
    const { outcome } = await trainWith([shown, looking, talking], { ...small, steps: 16 })
    expect([outcome, shown.url]).toEqual(['finished', undefined])
  })

  test('does not keep the process alive', async () => {
    const script = await bundle('dashboard', await temporaryFolder())
    const { code, output } = await shell(`exec node ${script}`)
    expect([code, output.replace(/:\d+\//, ':PORT/')]).toEqual([
      0,
      'live page: http://127.0.0.1:PORT/\nlooking\nfinished\n',
    ])
  })

  test('keeps it where that is asked for, until a signal', async () => {
    const script = await bundle('dashboard', await temporaryFolder())
    const { signal, output } = await shell(`exec node ${script} keepOpen`, (text, child) => {
      if (text.includes('stays until')) child.kill('SIGINT')
    })
    expect(signal).toBe('SIGINT')
    expect(output).toMatch(/finished\n$|stays until Ctrl-C: http:\/\/127\.0\.0\.1:\d+\/\n/)
  })
})

describe('a port', () => {
  test('that is taken is an error that says what to do; without one the next is taken', async () => {
    const other = createServer()
    onTestFinished(() => void other.close())
    await once(other.listen(0, '127.0.0.1'), 'listening')
    const { port } = other.address() as AddressInfo
    await expect(trainWith([dashboard({ port })], small)).rejects.toThrow(
      `Hook "dashboard" failed at train.ready: the live page: port ${port} is taken; name another, or none for the next that is free`,
    )
    const two = [dashboard({ keepOpen: true }), dashboard({ keepOpen: true })]
    onTestFinished(() => Promise.all(two.map((shown) => shown.close())).then(() => {}))
    for (const shown of two) await trainWith([shown], small)
    expect(new Set(two.map(({ url }) => url)).size).toBe(2)
  })

  test.each([-1, 1.5, 65536, Number.NaN])('of %d is refused', (port) => {
    expect(() => dashboard({ port })).toThrow(`port ${port}: a port is a whole number up to 65535`)
  })

  test('is not opened where a journal to compare with cannot be read', async () => {
    const shown = dashboard({ port: 0, compare: ['nowhere/journal.jsonl'] })
    await expect(trainWith([shown], small)).rejects.toThrow('ENOENT')
    expect(shown.url).toBe(undefined)
  })
})

describe('a stranger', () => {
  test('is refused: other hosts, other methods, other files', async () => {
    const shown = kept()
    await trainWith([shown], { ...small, log: every('4 steps') })
    const { port } = new URL(shown.url as string)
    const hosts = [
      `127.0.0.1:${port}`,
      'localhost',
      'localhost:9000',
      '[::1]:1',
      'evil.example',
      `evil.example:${port}`,
    ]
    const strange = [
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '127.0.0.1@evil.example',
      'evil.localhost',
    ]
    const statuses: [string, number][] = []
    for (const host of [...hosts, ...strange]) {
      statuses.push([host, (await ask(shown.url, '/nothing', { host })).status])
    }
    expect(Object.fromEntries(statuses)).toEqual({
      ...Object.fromEntries(hosts.slice(0, 4).map((host) => [host, 404])),
      ...Object.fromEntries([...hosts.slice(4), ...strange].map((host) => [host, 403])),
    })
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']) {
      const { status, headers } = await ask(shown.url, '/events', { method })
      expect([method, status, headers.allow]).toEqual([method, 405, 'GET'])
    }
    const paths = [
      '/../package.json',
      '/%2e%2e/package.json',
      '//etc/passwd',
      '/index.html',
      '/LICENSES.txt',
      '/__proto__',
      '/constructor',
      '/events/',
      '*',
    ]
    for (const path of paths) expect([path, (await ask(shown.url, path)).status]).toEqual([path, 404])
  })

  test('can neither frame the page, nor read it from elsewhere, nor write into it', async () => {
    const shown = kept()
    await trainWith([shown], small)
    const { headers } = await ask(shown.url, '/')
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'; script-src 'self';"),
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })
})
