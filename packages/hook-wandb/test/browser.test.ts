import { fileURLToPath } from 'node:url'
import { startWandbServer, type WandbServer } from '@hookstep/testing/wandb-server'
import { build } from 'esbuild'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Kept } from './browser/kept.ts'
import { type Call, chromiumPath, openPage } from './chromium.ts'

const path = chromiumPath() ?? ''
if (path === '')
  console.error('NOT RUN: W&B in a browser: install Chromium, or set CHROMIUM to the path of one')

let server: WandbServer

beforeEach(async () => {
  server = await startWandbServer()
})
afterEach(() => server.close())

function steps(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1)
}

async function opened(): Promise<Call> {
  const entry = fileURLToPath(new URL('browser/page.ts', import.meta.url))
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['hookstep:source'],
  })
  return openPage(path, outputFiles[0]?.text ?? '')
}

describe.skipIf(path === '')('in a browser', { timeout: 60_000 }, () => {
  test('a run is kept whole in the file system of the page, and goes on there', async () => {
    const call = await opened()
    const first = await call<Kept>('train', { mode: 'offline', dir: 'runs' }, 600)
    expect(first).toMatchObject({ steps: steps(600), exitCode: 0, warnings: [] })
    expect(first.folder).toMatch(/^opfs:\/runs\/wandb\/offline-run-\d{8}_\d{6}-/)
    const second = await call<Kept>('train', { mode: 'offline', dir: 'runs' }, 2000)
    expect({ ...second, warnings: [] }).toEqual({ ...first, steps: steps(2000) })
  })

  test('a run is sent while it goes on, and what could not be is sent later, once', async () => {
    const call = await opened()
    const { url: baseUrl, apiKey } = server
    await server.leave()
    const offline = await call<Kept>('train', { apiKey, baseUrl, drainMs: 100 }, 60)
    expect(offline.warnings.join()).toContain('not everything was sent')
    await server.comeBack()
    const online = await call<Kept>('train', { apiKey, baseUrl, resume: 'never' }, 90)
    const sent = [await call('sync', { apiKey, baseUrl }), await call('sync', { apiKey, baseUrl })]
    expect(sent).toEqual([
      { [offline.id]: 60, [online.id]: 0 },
      { [offline.id]: 0, [online.id]: 0 },
    ])
    const stored = [offline, online].map(({ id }) => server.run(id).rows.map((row) => row['trainer/step']))
    expect(stored).toEqual([offline.steps, online.steps])
  })
})
