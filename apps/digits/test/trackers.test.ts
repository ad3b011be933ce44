import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readLog } from '@hookstep/hook-wandb'
import { diskFolder } from '@hookstep/hook-wandb/node'
import { startWandbServer } from '@hookstep/testing/wandb-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildApp, start } from './built.ts'

const folder = mkdtempSync(join(tmpdir(), 'digits-'))
beforeAll(buildApp)
afterAll(() => rmSync(folder, { recursive: true }))

const short = ['--steps', '20', '--log-every', '10 steps', '--eval-every', '50%', '--quiet']
/** Nobody's key and nobody's settings. */
const nobody = {
  NETRC: join(folder, 'none'),
  WANDB_API_KEY: '',
  WANDB_MODE: '',
  WANDB_PROJECT: '',
  WANDB_NAME: '',
}

describe('trackers', { timeout: 60_000 }, () => {
  it('show the run on a page, until Ctrl-C', async () => {
    const out = join(folder, 'page')
    const running = start('--dashboard', ...short, '--out', out)
    await running.printed('the live page stays until Ctrl-C: ')
    await running.printed('test digits, ')
    const url = /the live page stays until Ctrl-C: (\S+)/.exec(running.printedSoFar)?.[1] as string
    const { body } = await fetch(`${url}events`)
    const reader = body?.getReader() as ReadableStreamDefaultReader<Uint8Array>
    let told = ''
    while (!told.includes('"name":"samples_per_second"')) {
      told += new TextDecoder().decode((await reader.read()).value)
    }
    expect(told).toContain('"name":"accuracy"')
    expect(told).toContain('"state":"finished"')
    running.process.kill('SIGINT')
    expect((await running.ended).exitCode).toBe(0)
  })

  it('write what TensorBoard and W&B read', async () => {
    const out = join(folder, 'files')
    const ended = await start('--tensorboard', '--wandb', 'offline', ...short, '--out', out, nobody).ended
    expect([ended.exitCode, ended.stderr]).toEqual([0, expect.stringContaining('@hookstep/hook-wandb sync')])
    expect(readdirSync(join(out, 'tensorboard'))).toEqual([expect.stringMatching(/^events\.out\.tfevents\./)])
    const [run] = readdirSync(join(out, 'wandb')).filter((name) => name.startsWith('offline-run-'))
    const place = join(out, 'wandb', run as string)
    const log = readdirSync(place).find((name) => name.endsWith('.wandb')) as string
    const kinds: string[] = []
    for await (const { record } of readLog(diskFolder(place), log)) kinds.push(record?.type ?? 'another')
    expect(kinds).toEqual(expect.arrayContaining(['run', 'history', 'summary', 'exit']))
  })

  it('send the run to W&B, and go on in it', async () => {
    await using server = await startWandbServer()
    const out = join(folder, 'sent')
    const keys = { ...nobody, WANDB_BASE_URL: server.url, WANDB_API_KEY: server.apiKey }
    await start('--wandb', 'online', '--schedule', 'constant', ...short, '--out', out, keys).ended
    const again = await start('--resume', out, '--steps', '40', keys).ended
    expect(again.exitCode).toBe(0)
    expect(server.runs.map(({ project, displayName, state }) => [project, displayName, state])).toEqual([
      ['hookstep-digits', 'sent', 'finished'],
    ])
    const steps = server.runs[0]?.rows.flatMap((row) => ('accuracy' in row ? [row['trainer/step']] : []))
    expect(steps).toEqual([10, 20, 30, 40])
  })

  it('say what is missing before they begin', async () => {
    const out = join(folder, 'missing')
    const { exitCode, stderr } = await start('--wandb', 'online', ...short, '--out', out, nobody).ended
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('WANDB_API_KEY')])
    expect(existsSync(join(out, 'wandb'))).toBe(false)
  })
})
