import { startWandbServer } from '@hookstep/testing/wandb-server'
import { expect, test, vi } from 'vitest'
import { uploadAt } from '../../src/online/upload.ts'
import { quick } from './quick.ts'
import { WrittenRun } from './written-run.ts'

test('a run is on the server as it was written', async () => {
  await using server = await startWandbServer()
  await using run = await WrittenRun.begin('abc123', {
    type: 'run',
    name: 'first try',
    notes: 'a note',
    group: 'trials',
    jobType: 'train',
    tags: ['small'],
  })
  run.add({ type: 'metric', name: 'trainer/step', hidden: true })
  run.add({ type: 'metric', name: '*', stepMetric: 'trainer/step' })
  const uploader = run.upload(server, uploadAt(quick))
  run.addRows(3)
  run.add({
    type: 'history',
    step: 3,
    items: [
      { key: ['deep', 'er'], json: 'NaN' },
      { key: 'x', json: '-Infinity' },
    ],
  })
  run.add({ type: 'stats', timestamp: 1_700_000_002, items: [{ key: 'cpu', json: '12.5' }] })
  run.add({ type: 'output', stream: 'stdout', timestamp: 1_700_000_003, line: 'hello\n' })
  run.add({ type: 'output', stream: 'stderr', timestamp: 1_700_000_004.5, line: '10%\r20%\n' })
  run.add({ type: 'config', update: [{ key: ['data', 'name'], json: '"digits"' }] })
  run.add({ type: 'summary', update: [{ key: 'best', json: '0.5' }] })
  run.add({ type: 'summary', update: [{ key: 'best', json: '0.25' }] })
  await run.folder.write('files/media/images/digit.png', Uint8Array.of(1, 2, 3))
  await run.folder.write('files/code.txt', Uint8Array.of(4))
  run.add({ type: 'files', files: [{ path: 'media/images/digit.png', policy: 'now', kind: 'media' }] })
  run.add({ type: 'files', files: [{ path: 'code.txt', policy: 'end', kind: 'other' }] })
  run.exit()
  await run.flush()

  expect(await uploader.finish(5_000)).toEqual({})
  expect({ ...run, warnings: run.warnings, found: run.found }).toMatchObject({
    warnings: [],
    found: [`${server.url}/tester/digits/runs/abc123`],
  })
  const held = server.run('abc123')
  expect(held.rows.map(({ loss }) => loss)).toEqual([1, 1 / 2, 1 / 3, undefined])
  expect(held.rows[3]).toEqual({ deep: { er: Number.NaN }, x: -Infinity, _step: 3 })
  expect(held.events).toEqual([{ 'system.cpu': 12.5, _wandb: true, _timestamp: 1_700_000_002, _runtime: 2 }])
  expect(held.log).toEqual(['2023-11-14T22:13:23.000 hello', 'ERROR 2023-11-14T22:13:24.500 20%'])
  expect(held).toMatchObject({
    displayName: 'first try',
    notes: 'a note',
    group: 'trials',
    jobType: 'train',
    tags: ['small'],
    summary: { best: 0.25 },
    state: 'finished',
    exitCode: 0,
  })
  expect(held.config).toEqual({
    lr: { value: 0.1 },
    data: { value: { name: 'digits' } },
    _wandb: {
      value: {
        t: {},
        m: [
          { 1: 'trainer/step', 6: [3, 2], 7: [] },
          { 2: '*', 5: 1, 6: [1], 7: [] },
        ],
      },
    },
  })
  expect([...held.files].map(([name, bytes]) => `${name} ${bytes.length > 3 ? '' : [...bytes]}`)).toEqual([
    'media/images/digit.png 1,2,3',
    'code.txt 4',
    'config.yaml ',
    'wandb-summary.json ',
  ])
  expect(held.uploaded).toEqual([...held.files.keys()])
})

test('rows wait for each other: a request every while, none larger than it may be', async () => {
  await using server = await startWandbServer({ maxBytes: 11 * 2 ** 20 })
  await using run = await WrittenRun.begin()
  const uploader = run.upload(server, uploadAt({ ...quick, batchBytes: 10 * 2 ** 20 }))
  const text = JSON.stringify('"x"\u00e9'.repeat(500_000))
  for (let step = 0; step < 6; step++) {
    run.add({ type: 'history', step, items: [{ key: 'text', json: text }] })
    await run.flush()
  }
  run.add({ type: 'history', step: 6, items: [{ key: 'text', json: `"${'x'.repeat(11 * 2 ** 20)}"` }] })
  run.add({ type: 'history', step: 7, items: [{ key: 'loss', json: '1' }] })
  await run.flush()
  expect(await uploader.finish(20_000)).toEqual({})
  expect(run.warnings).toEqual([`row 6 is larger than W&B takes, and is in ${run.location} alone`])
  const { rows } = server.run('abc123')
  expect(rows.map((row) => Object.keys(row))).toEqual([
    ...Array.from({ length: 6 }, () => ['text', '_step']),
    ['_step'],
    ['loss', '_step'],
  ])
  const sizes = server.requests.filter(({ kind }) => kind === 'file_stream').map(({ bytes }) => bytes)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(10 * 2 ** 20)
})

test('somebody presses Stop, and the run is told once, though it has nothing to say', async () => {
  await using server = await startWandbServer()
  await using run = await WrittenRun.begin()
  const uploader = run.upload(server, uploadAt({ ...quick, heartbeatMs: 30 }))
  run.addRows(1)
  await vi.waitUntil(() => server.runs[0]?.rows.length === 1)
  server.pressStop('abc123')
  await vi.waitUntil(() => run.stops > 0)
  server.forget()
  await vi.waitUntil(() => server.requests.length > 2)
  await uploader.finish(5_000)
  expect([run.stops, run.warnings]).toEqual([1, []])
})

test('a server that asks to be left alone is left alone, though the run is over', async () => {
  await using server = await startWandbServer()
  server.fail({ shows: 429, retryAfterSeconds: 0.4, times: 1 })
  await using run = await WrittenRun.begin()
  const uploader = run.upload(server, uploadAt(quick))
  await vi.waitUntil(() => server.requests.at(-1)?.status === 429)
  const asked = performance.now()
  expect(await uploader.finish(5_000)).toEqual({})
  expect(performance.now() - asked).toBeGreaterThan(350)
})

test.each([400, 401, 403, 404, 409, 410, 413, 422])(
  'an answer of %i is not asked for again',
  async (status) => {
    await using server = await startWandbServer()
    server.fail({ shows: status })
    await using run = await WrittenRun.begin()
    const uploader = run.upload(server, uploadAt(quick))
    await vi.waitUntil(() => run.warnings.length > 0)
    const { incomplete, isTold } = await uploader.finish(5_000)
    expect({ incomplete, isTold }).toEqual({
      incomplete: expect.stringContaining(`with ${status}`),
      isTold: true,
    })
    expect(server.requests.length).toBe(1)
  },
)

test('a run that must be there, and one that must not', async () => {
  await using server = await startWandbServer()
  let begun = 0
  const upload = async (resume: 'must' | 'never'): Promise<string | undefined> => {
    await using run = await WrittenRun.begin()
    run.secondsLater = 60 * ++begun
    const uploader = run.upload(server, uploadAt(quick), {}, resume)
    run.addRows(2)
    await run.flush()
    return (await uploader.finish(5_000)).incomplete
  }
  expect(await upload('must')).toContain('there is no run abc123 to resume')
  expect(await upload('never')).toBeUndefined()
  expect(await upload('never')).toContain('there is a run abc123 already')
  expect(await upload('must')).toBeUndefined()
  expect(server.run('abc123').rows.map(({ loss }) => loss)).toEqual([1, 1 / 2, 1, 1 / 2])
})

test('a log that begins in the middle of a run waits for the rows before it', async () => {
  await using server = await startWandbServer()
  await using later = await WrittenRun.begin('abc123', { type: 'run', startingStep: 3 }, 3)
  later.addRows(2)
  await later.flush()
  const refused = await later.upload(server, uploadAt(quick)).finish(5_000)
  expect(refused.incomplete).toMatch(
    /begins with row 3 of run abc123, and the server has 0 rows: sync the folder/,
  )

  await using earlier = await WrittenRun.begin()
  earlier.addRows(3)
  earlier.add({ type: 'output', stream: 'stdout', timestamp: 0, line: 'earlier' })
  await earlier.flush()
  expect(await earlier.upload(server, uploadAt(quick)).finish(5_000)).toEqual({})

  later.add({ type: 'output', stream: 'stdout', timestamp: 0, line: 'later' })
  await later.flush()
  expect(await later.upload(server, uploadAt(quick), {}, 'go-on').finish(5_000)).toEqual({})
  const { rows, log } = server.run('abc123')
  expect(rows.map(({ _step }) => _step)).toEqual([0, 1, 2, 3, 4])
  expect(log.map((line) => line.split(' ').at(-1))).toEqual(['earlier', 'later'])
})
