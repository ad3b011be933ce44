import { startWandbServer } from '@hookstep/testing/wandb-server'
import { expect, test } from 'vitest'
import { uploadAt } from '../../src/online/upload.ts'
import { WrittenRun } from './written-run.ts'

/** The same, a hundred times as fast. */
const soon = uploadAt({
  batchMs: 20,
  firstRetryMs: 20,
  longestRetryMs: 600,
  requestMs: 900,
  heartbeatMs: 300,
})

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
  const uploader = run.upload(server, soon)
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
