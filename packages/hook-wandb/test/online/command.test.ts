import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startWandbServer, type WandbServer } from '@hookstep/testing/wandb-server'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { command } from '../../src/command/command.ts'
import { bundle, type Left, shell, temporaryFolder } from '../processes.ts'
import { type Trained, trained } from './training.ts'

let server: WandbServer
let dir: string

beforeEach(async () => {
  server = await startWandbServer()
  dir = await temporaryFolder()
  vi.stubEnv('WANDB_BASE_URL', server.url)
  vi.stubEnv('WANDB_API_KEY', server.apiKey)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await server.close()
})

/** What the command says, with the folder's name left out, and its exit code. */
async function said(...args: string[]): Promise<{ code: number; output: string }> {
  const lines: string[] = []
  const take = (text: string): void => void lines.push(text)
  const code = await command(args, take, take)
  return {
    code,
    output: lines
      .join('\n')
      .replaceAll(/[^\s"]*(offline-)?run-\d+_\d+-/g, '')
      .replaceAll(server.url, 'URL'),
  }
}

function offline(id: string, steps = 20): Promise<Trained> {
  return trained(server, steps, { mode: 'offline', dir, id })
}

describe('sync', () => {
  test('sends the runs of a folder, and what was sent not again', async () => {
    await offline('first')
    await offline('second', 30)
    expect(await said('list', dir)).toEqual({
      code: 0,
      output: 'first: run digits/first; 20 rows; unsent\nsecond: run digits/second; 30 rows; unsent',
    })
    expect(await said('sync', dir)).toEqual({
      code: 0,
      output:
        'first: run digits/first; 20 rows; sent; 20 rows were missing; URL/tester/digits/runs/first\n' +
        'second: run digits/second; 30 rows; sent; 30 rows were missing; URL/tester/digits/runs/second',
    })
    server.forget()
    expect(await said('sync', dir)).toEqual({
      code: 0,
      output: 'first: run digits/first; 20 rows; sent\nsecond: run digits/second; 30 rows; sent',
    })
    expect(server.requests).toEqual([])
    expect(server.runs.map(({ rows }) => rows.length)).toEqual([20, 30])
  })

  test('finds the runs below a folder of trainings', async () => {
    const above = dir
    for (const id of ['first', 'second']) {
      dir = join(above, 'runs', id)
      await mkdir(dir, { recursive: true })
      const { hook } = await offline(id)
      // As the official client has it: the run does not come twice.
      await symlink(hook.folder as string, join(dir, 'wandb', 'latest-run'))
    }
    const lines = (state: string): unknown => ({
      code: 0,
      output: expect.stringMatching(
        new RegExp(
          `^first: run digits/first; 20 rows; ${state}.*\nsecond: run digits/second; 20 rows; ${state}.*$`,
        ),
      ),
    })
    expect(await said('list', above)).toEqual(lines('unsent'))
    expect(await said('sync', join(above, 'runs'))).toEqual(lines('sent; 20 rows were missing'))
    expect(await said('list', above)).toEqual(lines('sent'))
  })

  test('leaves alone what the official client has sent', async () => {
    const { hook, rows } = await offline('first')
    // As `wandb sync` does: from the first line on, and with nothing noted in the folder.
    await said('sync', dir)
    await writeFile(join(hook.folder as string, 'upload.json'), '')
    const { output } = await said('sync', dir)
    expect(output).toContain('0 rows were missing')
    expect(server.run('first')).toMatchObject({ rows, streams: { 'wandb-history.jsonl': { rewritten: 0 } } })
  })

  test('adds to a run that had rows before, where the log is another one', async () => {
    await offline('first')
    await said('sync', dir)
    dir = await temporaryFolder()
    await offline('first', 5)
    expect((await said('sync', dir)).output).toContain('5 rows; sent; 5 rows were missing')
    expect((await said('sync', dir)).output).toContain('5 rows; sent')
    const steps = server.run('first').rows.map((row) => row['trainer/step'])
    expect(steps).toEqual([...Array.from({ length: 20 }, (_, row) => row + 1), 1, 2, 3, 4, 5])
  })

  test('says what could not be sent, and goes on with the others', async () => {
    await offline('first')
    await offline('second')
    server.fail({ shows: 403, times: 1 })
    const { code, output } = await said('sync', dir, '--timeout', '0')
    expect(code).toBe(1)
    expect(output).toMatch(
      /^first: .*failed: .*403.*; check that the key may write to this project\nsecond: .*; sent; 20 rows/,
    )
    expect(await said('sync', dir)).toMatchObject({ code: 0 })
  })

  test('gives up on a server that is gone', async () => {
    await offline('first')
    await server.leave()
    const { code, output } = await said('sync', dir, '--timeout', '0')
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining('could not be reached') })
  })

  test('tells programs', async () => {
    await offline('first')
    const { code, output } = await said('sync', dir, '--json')
    expect({ code, reports: JSON.parse(output) }).toEqual({
      code: 0,
      reports: [
        {
          folder: 'first',
          run: 'digits/first',
          rows: 20,
          hasEnded: true,
          state: 'sent',
          sentRows: 20,
          url: 'URL/tester/digits/runs/first',
        },
      ],
    })
  })

  test('killed at one request and another, it sends the rest when it is begun again', {
    timeout: 30_000,
  }, async () => {
    const { rows } = await offline('first', 500)
    const script = await bundle('syncing', dir)
    const kinds: string[] = []
    for (let request = 1; ; request += 2) {
      server.forget()
      const ended = server.fail({
        shows: 'slow',
        delayMs: 60_000,
        skip: request - 1,
        applied: request % 4 === 1 ? 'at once' : 'late',
      })
      const left = await syncUntilStuck(script, request)
      ended()
      kinds.push(server.requests.at(-1)?.kind ?? '')
      if (left.signal === null) break
    }
    expect(server.run('first').rows).toEqual(rows)
    expect(server.run('first').streams['wandb-history.jsonl']).toMatchObject({ rewritten: 0, missing: 0 })
    expect(kinds.length).toBeGreaterThan(2)
  })

  function syncUntilStuck(script: string, request: number): Promise<Left> {
    const timer: { id?: NodeJS.Timeout } = {}
    const running = shell(`exec node ${script} ${dir}`, (_, child) => {
      timer.id ??= setInterval(() => {
        if (server.requests.length >= request) child.kill('SIGKILL')
      }, 2)
    })
    return running.finally(() => clearInterval(timer.id))
  }
})

describe('is understood, or says why not:', () => {
  test.each([
    [['--help'], 0, 'Sends runs of W&B from their logs.'],
    [[], 2, 'Sends runs of W&B from their logs.'],
    [['snyc'], 2, 'there is no subcommand snyc: there are sync and list (--help tells more)'],
    [['sync', '--al'], 2, "Unknown option '--al'"],
    [['sync', '--timeout', 'soon'], 2, '--timeout soon: give a number of seconds, such as 60'],
  ])('%j', async (args, code, start) => {
    const result = await said(...args)
    expect([result.code, result.output.slice(0, start.length)]).toEqual([code, start])
  })

  test('a folder without a run', async () => {
    expect(await said('sync', dir)).toMatchObject({
      code: 2,
      output: expect.stringContaining('has no run of W&B'),
    })
  })

  test('a log that is none', async () => {
    const folder = join(dir, 'run-20261122_000000-broken')
    await mkdir(folder)
    await writeFile(join(folder, 'run-broken.wandb'), 'something else')
    expect(await said('list', dir)).toMatchObject({ code: 1, output: expect.stringContaining('failed: ') })
    expect(await readdir(folder)).toEqual(['run-broken.wandb'])
  })

  test('no key', async () => {
    vi.stubEnv('WANDB_API_KEY', '')
    vi.stubEnv('NETRC', join(dir, 'none'))
    expect(await said('sync', dir)).toMatchObject({
      code: 2,
      output: expect.stringContaining('set WANDB_API_KEY'),
    })
  })
})
