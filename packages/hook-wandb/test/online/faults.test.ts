import type { Hook } from '@hookstep/catalogue'
import { startWandbServer, type WandbFault, type WandbServer } from '@hookstep/testing/wandb-server'
import { describe, expect, test, vi } from 'vitest'
import { uploadAt } from '../../src/online/upload.ts'
import type { StartUpload } from '../../src/uploader.ts'
import { atStep } from '../runs.ts'
import { quick } from './quick.ts'
import { rowCount, synced, type Trained, trained } from './training.ts'

/** The server has each row of the training once, in its order, and none was sent again. */
function expectEachRowOnce(
  server: WandbServer,
  { hook, rows }: Pick<Trained, 'hook' | 'rows'>,
  steps: number,
): void {
  const held = server.run(hook.id as string)
  expect(held.rows.map((row) => row['trainer/step'])).toEqual(
    Array.from({ length: steps }, (_, row) => row + 1),
  )
  expect(held.rows).toEqual(rows)
  expect(held.streams['wandb-history.jsonl']).toMatchObject({ rewritten: 0, missing: 0 })
  expect(held).toMatchObject({ state: 'finished', exitCode: 0 })
}

vi.setConfig({ testTimeout: 60_000 })

const steps = rowCount(1_000)

/** However often a server gives no answer, the user is told once. */
const cannotBeReached: unknown = expect.stringMatching(
  /^wandb: http:\S+ cannot be reached \(.+\): the run goes on, everything is kept in \S+; trying again$/,
)

describe('a training goes on, and each row reaches the server once, where the server', () => {
  const faults: Readonly<Record<string, WandbFault>> = {
    'answers every second request with 500': { shows: 500, probability: 0.5 },
    'answers with 503, though it has done what it was asked': {
      shows: 503,
      probability: 0.5,
      applied: 'at once',
    },
    'asks with 429 to be left alone for a while': { shows: 429, retryAfterSeconds: 0.02, probability: 0.5 },
    'resets connections': { shows: 'reset', probability: 0.5 },
    'resets connections once it has done what it was asked': {
      shows: 'reset',
      probability: 0.5,
      applied: 'at once',
    },
    // A minute to a client that has 90 seconds to wait.
    'answers late': { shows: 'slow', delayMs: 0.6 * quick.requestMs, on: 'file_stream', times: 2 },
    'has done what it was asked, and answers too late': {
      shows: 'slow',
      delayMs: 4 * quick.requestMs,
      on: 'file_stream',
      skip: 1,
      times: 1,
    },
  }

  const unanswered = new Set(Object.keys(faults).filter((name) => /^resets|too late$/.test(name)))

  for (const [name, fault] of Object.entries(faults)) {
    test(name, async () => {
      await using server = await startWandbServer({ seed: 7 })
      server.fail(fault)
      const run = await trained(server, steps)
      expect(run.summary.steps).toBe(steps)
      expect(run.summary.warnings).toEqual(unanswered.has(name) ? [cannotBeReached] : [])
      expectEachRowOnce(server, run, steps)
      const hits = server.requests.filter(({ status }) => status !== 200)
      if (fault.shows !== 'slow') expect(hits.length).toBeGreaterThan(2)
    })
  }
})

describe('a training goes on, and what is missing is sent later, where the server', () => {
  test('refuses the key in the middle: one warning, and the rest is offline', async () => {
    await using server = await startWandbServer()
    const refusing = atStep(steps / 2, async () => {
      await vi.waitUntil(() => (server.runs[0]?.rows.length ?? 0) > 0)
      server.fail({ shows: 401 })
      await vi.waitUntil(() => server.requests.some(({ status }) => status === 401))
    })
    const run = await trained(server, steps, { hooks: [refusing] })
    const held = server.run(run.hook.id as string).rows.length
    expect(run.rows.length).toBe(steps)
    expect(held).toBeGreaterThan(0)
    expect(held).toBeLessThan(steps)
    expect(run.summary.warnings).toEqual([
      expect.stringMatching(
        /^wandb: offline from now on: POST .* 401.*; check that WANDB_API_KEY is a key of this server\. What is missing is in /,
      ),
    ])
    expect(server.requests.filter(({ status }) => status === 401).length).toBe(1)

    server.recover()
    expect(await synced(server, run)).toBe(steps - held)
    expect(await synced(server, run)).toBe(0)
    expectEachRowOnce(server, run, steps)
  })

  test('is gone for the whole run', async () => {
    await using server = await startWandbServer()
    await server.leave()
    const all = rowCount(10_000)
    const run = await trained(server, all, { drainMs: 200 })
    expect(run.summary.warnings).toEqual([
      cannotBeReached,
      expect.stringMatching(/^wandb: not everything was sent: .*could not be reached .*sync /),
    ])

    await server.comeBack()
    expect(await synced(server, run)).toBe(all)
    expectEachRowOnce(server, run, all)
  })

  test('never answers: the end of the run waits as long as it was told to', async () => {
    await using server = await startWandbServer()
    server.fail({ shows: 'slow', delayMs: 60_000, applied: 'late' })
    const start = uploadAt({ ...quick, requestMs: 90_000 })
    const run = await trained(server, 20, { start, drainMs: 100 })
    expect(run.summary.warnings).toEqual([expect.stringContaining('the time for the upload is up')])
    server.recover()
    expect(await synced(server, run)).toBe(20)
    expectEachRowOnce(server, run, 20)
  })

  test('is gone, comes back, and is gone again', async () => {
    await using server = await startWandbServer()
    let comings = 0
    const swing = setInterval(() => void (comings++ % 2 === 0 ? server.leave() : server.comeBack()), 60)
    const run = await trained(server, steps)
    clearInterval(swing)
    await server.comeBack()
    await synced(server, run)
    expectEachRowOnce(server, run, steps)
  })
})

describe('the user reads, before the end of the run waits for the server,', () => {
  /** What was printed, in its order. */
  async function told(
    server: WandbServer,
    hooks: (isWarned: () => boolean) => Hook[] = () => [],
  ): Promise<{ printed: string[]; run: Trained }> {
    const printed: string[] = []
    let isWarned = false
    const start: StartUpload = (request) => {
      const warn = (message: string): void => {
        request.warn(message)
        isWarned = true
      }
      const uploader = uploadAt(quick)({ ...request, warn })
      const finish = uploader.finish.bind(uploader)
      uploader.finish = (deadlineMs) => {
        printed.push('(waits)')
        return finish(deadlineMs)
      }
      return uploader
    }
    const run = await trained(server, 20, {
      start,
      hooks: hooks(() => isWarned),
      drainMs: 500,
      print: (line) => printed.push(line),
    })
    return { printed, run }
  }

  test('how long that may take, and where the rest stays', async () => {
    await using server = await startWandbServer()
    await server.leave()
    const { printed, run } = await told(server)
    expect(printed).toEqual([
      expect.stringMatching(
        `^wandb: sending what is left to ${server.url}, at most 0.5 s; ` +
          `what is not sent stays in ${run.hook.folder}: npx @hookstep/hook-wandb sync .*-${run.hook.id}$`,
      ),
      '(waits)',
    ])
  })

  test('nothing, where the run is offline: nothing is sent then', async () => {
    await using server = await startWandbServer()
    server.fail({ shows: 401 })
    const { printed } = await told(server, (isWarned) => [atStep(10, () => vi.waitUntil(isWarned))])
    expect(printed).toEqual(['(waits)', expect.stringMatching('^wandb: to send it: npx ')])
  })
})
