import { every, type Hook } from '@hookstep/catalogue'
import { checkpoint, memoryStore } from '@hookstep/hook-checkpoint'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { s3Store } from '../../src/s3.ts'
import type { CheckpointStore } from '../../src/store.ts'
import { atStep, lastState, learnedBy, trainWith } from '../runs.ts'
import { storeContract } from '../store-contract.ts'
import { S3Server } from './server.ts'

// On a machine with much else to do.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 })

/** Long enough for a server under load, and short enough to wait for. */
const leaseSeconds = 0.4
const megabyte = 2 ** 20

let server: S3Server
beforeAll(async () => {
  server = await S3Server.start()
})
afterAll(() => server.close())

describe('a bucket', () => {
  for (const [index, { name, run }] of storeContract.entries()) {
    test(name, () => run({ store: () => storeAt(`case-${index}`) }))
  }
})

describe('the requests', () => {
  beforeEach(() => {
    server.requests.length = 0
    server.refuse = () => undefined
  })

  test('put the manifest last, and delete it first', async () => {
    const store = storeAt('order')
    await save(store, { 'manifest.json': bytes(2), arrays: bytes(3) })
    await store.remove('step-1')
    expect(server.requests.filter((request) => !request.startsWith('GET'))).toEqual([
      'PUT /checkpoints/order/step-1/arrays',
      'PUT /checkpoints/order/step-1/manifest.json',
      'DELETE /checkpoints/order/step-1/manifest.json',
      'DELETE /checkpoints/order/step-1/arrays',
    ])
  })

  test('carry a large file in parts, and read it in ranges', async () => {
    const store = storeAt('parts')
    await save(store, { weights: bytes(20 * megabyte), 'manifest.json': bytes(2) })
    const reader = await store.open('step-1')
    const read = new Uint8Array(20 * megabyte)
    await reader.read('weights', [read])
    expect(Buffer.compare(read, bytes(20 * megabyte))).toBe(0)
    expect(server.requests.filter((request) => request.endsWith('weights')).sort()).toEqual([
      ...Array(3).fill('GET /checkpoints/parts/step-1/weights'),
      ...Array(2).fill('POST /checkpoints/parts/step-1/weights'),
      ...Array(3).fill('PUT /checkpoints/parts/step-1/weights'),
    ])
  })

  test('of which one is refused give up the upload, and leave the checkpoint before', async () => {
    const store = storeAt('refused')
    await save(store, { 'manifest.json': bytes(2) })
    server.refuse = (request) => (request === 'PUT /checkpoints/refused/step-2/weights' ? 403 : undefined)
    const writer = await store.create('step-2')
    await expect(writer.write('weights', [bytes(20 * megabyte)])).rejects.toThrow('Refused')
    await writer.write('manifest.json', [bytes(2)])
    await expect(writer.commit()).rejects.toThrow('weights could not be written')
    await writer.discard()
    expect(await store.list()).toEqual(['step-1'])
    expect(server.requests.filter((request) => request.endsWith('weights')).at(-1)).toBe(
      'DELETE /checkpoints/refused/step-2/weights',
    )
  })

  test('are repeated where an answer breaks off', async () => {
    const store = storeAt('broken')
    await save(store, { weights: bytes(megabyte), 'manifest.json': bytes(2) })
    server.breakOff('GET /checkpoints/broken/step-1/weights', 2)
    const reader = await store.open('step-1')
    const read = new Uint8Array(megabyte)
    await reader.read('weights', [read])
    expect(Buffer.compare(read, bytes(megabyte))).toBe(0)

    server.breakOff('GET /checkpoints/broken/step-1/weights', 3)
    await expect(reader.read('weights', [read])).rejects.toThrow()
  })

  test('list page by page', async () => {
    const store = storeAt('pages')
    const names = ['step-1', 'step-2', 'step-3', 'step-4', 'step-5']
    for (const name of names) await save(store, { 'manifest.json': bytes(2), state: bytes(1) }, name)
    const ofTwo = server.clientWithPagesOf(2)
    server.requests.length = 0
    const paged = s3Store({ client: ofTwo, bucket: server.bucket, prefix: 'pages' })
    expect([...(await paged.list())].sort()).toEqual(names)
    expect(server.requests.length).toBe(5)
  })
})

describe('a lease', () => {
  beforeEach(() => {
    server.refuse = () => undefined
  })

  test('says who has it', async () => {
    const release = await storeAt('named').acquire()
    await expect(storeAt('named').acquire()).rejects.toThrow(
      new RegExp(`^s3://checkpoints/named: another run saves here, process ${process.pid}`),
    )
    await release()
  })

  test('of a run that is dead is taken over, and what it had begun is cleared', async () => {
    await dieWith('dead', { weights: bytes(3) })
    const release = await storeAt('dead').acquire()
    expect(server.requests.at(-1)).toBe('DELETE /checkpoints/dead/step-1/weights')
    await release()
    await (await storeAt('dead').acquire())()
  })

  test('that another run has taken over commits nothing any more', async () => {
    const store = storeAt('late')
    const release = await store.acquire()
    const writer = await store.create('step-1')
    await writer.write('manifest.json', [bytes(2)])
    await takeOver('late')
    await expect(writer.commit()).rejects.toThrow('another run has taken the place over')
    expect(await store.list()).toEqual([])
    await release()
    expect(await server.has('late/lease.json')).toBe(true)
  })

  test('outlives a server that is out of reach for a while', async () => {
    const store = storeAt('away')
    const release = await store.acquire()
    server.refuse = (request) => (request.startsWith('PUT') ? 403 : undefined)
    const writer = await store.create('step-1')
    await writer.write('manifest.json', [bytes(2)])
    await expect(writer.commit()).rejects.toThrow('Refused')
    server.refuse = () => undefined
    await save(store, { 'manifest.json': bytes(2) })
    expect(await store.list()).toEqual(['step-1'])
    await release()
  })

  test('wants conditional writes, or to be told to do without', async () => {
    const old = await S3Server.start({ conditional: false })
    const { client, bucket } = old
    await expect(s3Store({ client, bucket }).acquire()).rejects.toThrow(
      's3://checkpoints: the server has no conditional writes, by which two runs are kept apart. ' +
        'Where nothing else will save there, s3Store({ …, exclusive: false }) goes without',
    )
    expect(await old.has('lease.json')).toBe(false)
    const store = s3Store({ client, bucket, exclusive: false })
    const release = await store.acquire()
    await save(store, { 'manifest.json': bytes(2) })
    await release()
    expect(await store.list()).toEqual(['step-1'])
    await old.close()
  })
})

test('a run that was stopped goes on from a bucket, to the bits of one that was not', async () => {
  const whole = lastState()
  await trainWith([checkpoint({ store: memoryStore() }), whole])
  const hook = (): Hook => checkpoint({ store: storeAt('run'), when: every('3 steps', { last: true }) })
  await trainWith([hook(), atStep(8, (run) => run.stop('enough for now'))])
  const resumed = lastState()
  await trainWith([hook(), resumed])
  expect(learnedBy(resumed)).toEqual(learnedBy(whole))
})

test.each([
  [{ bucket: '' }, "s3Store: bucket is '', it must name a bucket"],
  [{ prefix: '/runs' }, `s3Store: prefix is "/runs", it must be names with '/' between them`],
  [{ prefix: 'a//b' }, `s3Store: prefix is "a//b", it must be names with '/' between them`],
  [{ leaseSeconds: 0 }, 's3Store: leaseSeconds is 0, it must be a positive number of seconds'],
])('%o is refused', (options, message) => {
  expect(() => s3Store({ client: server.client, bucket: 'b', ...options })).toThrow(new RangeError(message))
})

function storeAt(prefix: string): CheckpointStore {
  const { client, bucket } = server
  return s3Store({ client, bucket, prefix, leaseSeconds })
}

async function save(
  store: CheckpointStore,
  files: Readonly<Record<string, Uint8Array>>,
  name = 'step-1',
): Promise<void> {
  const writer = await store.create(name)
  for (const [file, content] of Object.entries(files)) await writer.write(file, [content])
  await writer.commit()
}

/** What a killed process leaves: a lease that nobody renews, and a save that was not committed. */
async function dieWith(prefix: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  await takeOver(prefix)
  const writer = await storeAt(prefix).create('step-1')
  for (const [file, content] of Object.entries(files)) await writer.write(file, [content])
}

function takeOver(prefix: string): Promise<void> {
  return server.put(`${prefix}/lease.json`, JSON.stringify({ id: 'other', holder: 'process 1', renewed: 0 }))
}

/** The same each time, and no two kilobytes alike. */
function bytes(length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => (i * 31 + (i >>> 10)) & 255)
}
