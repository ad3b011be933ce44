import { startWandbServer, type WandbServer } from '@hookstep/testing/wandb-server'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

let server: WandbServer

beforeEach(async () => {
  server = await startWandbServer()
})
afterEach(() => server.close())

/** Posts as a client does. @returns the status, and the answer. */
async function post(path: string, body: unknown, apiKey = server.apiKey): Promise<[number, unknown]> {
  const authorization = `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { authorization },
    body: JSON.stringify(body),
  })
  return [response.status, await response.json()]
}

async function graphql(query: string, variables: object = {}): Promise<unknown> {
  const [, answer] = await post('/graphql', { query, variables })
  return answer
}

function begin(name = 'abc123'): Promise<unknown> {
  const config = '{"lr":{"value":0.1}}'
  return graphql('mutation UpsertBucket { upsertBucket { inserted } }', { project: 'digits', name, config })
}

function stream(body: object, name = 'abc123'): Promise<[number, unknown]> {
  return post(`/files/tester/digits/${name}/file_stream`, body)
}

const rows = (offset: number, ...content: string[]): object => ({
  files: { 'wandb-history.jsonl': { offset, content } },
})

test('a run is what was sent of it, and can be resumed there', async () => {
  expect(await begin()).toMatchObject({
    data: { upsertBucket: { inserted: true, bucket: { historyLineCount: 0 } } },
  })
  await stream(rows(0, '{"loss":1}', '{"loss":NaN,"text":"NaN"}'))
  await stream({ ...rows(2, '{"loss":-Infinity}'), complete: true, exitcode: 3 })
  expect(server.run('abc123')).toMatchObject({
    project: 'digits',
    entity: 'tester',
    config: { lr: { value: 0.1 } },
    rows: [{ loss: 1 }, { loss: Number.NaN, text: 'NaN' }, { loss: -Infinity }],
    state: 'failed',
    exitCode: 3,
  })
  expect(await begin()).toMatchObject({
    data: { upsertBucket: { inserted: false, bucket: { historyLineCount: 3 } } },
  })
  const resumed = await graphql('query RunResumeStatus { model { id } }', {
    project: 'digits',
    name: 'abc123',
  })
  expect(resumed).toMatchObject({
    data: { model: { bucket: { historyLineCount: 3, historyTail: JSON.stringify(['{"loss":-Infinity}']) } } },
  })
  const other = await graphql('query RunResumeStatus { model { id } }', { project: 'digits', name: 'other' })
  expect(other).toMatchObject({ data: { model: { bucket: null } } })
})

test('lines lie at their positions: what is sent again is counted, and what is missing', async () => {
  await begin()
  await stream(rows(0, '{"n":0}', '{"n":1}'))
  await stream(rows(1, '{"n":10}', '{"n":2}'))
  await stream(rows(5, '{"n":5}'))
  const { rows: held, streams } = server.run('abc123')
  expect(held).toEqual([{ n: 0 }, { n: 10 }, { n: 2 }, {}, {}, { n: 5 }])
  expect(streams['wandb-history.jsonl']).toMatchObject({ rewritten: 1, missing: 2 })
})

test('files are kept where it said that they are put', async () => {
  await begin()
  const variables = { entity: 'tester', project: 'digits', run: 'abc123', files: ['media/a b.png'] }
  const answer = await graphql('mutation CreateRunFiles { createRunFiles { runID } }', variables)
  const [file] = (answer as { data: { createRunFiles: { files: { uploadUrl: string }[] } } }).data
    .createRunFiles.files
  await fetch(file?.uploadUrl ?? '', { method: 'PUT', body: Uint8Array.of(1, 2) })
  expect([...server.run('abc123').files]).toEqual([['media/a b.png', Buffer.from([1, 2])]])
})

test('what is wrong is refused, and nothing of it is kept', async () => {
  await begin()
  expect(await post('/graphql', {}, 'another key')).toMatchObject([401, {}])
  expect(await post('/graphql', { query: 'query Strange { viewer { id } }' })).toMatchObject([400, {}])
  expect(await stream(rows(0, '{}'), 'unknown')).toMatchObject([404, {}])
  for (const bad of ['{"n":', '[]', '7'])
    expect(await stream(rows(0, '{"n":0}', bad))).toMatchObject([400, {}])
  expect(await stream(rows(-1, '{}'))).toMatchObject([400, {}])
  expect(server.run('abc123').rows).toEqual([])
  expect(() => server.run('other')).toThrow('0 runs have the id other; the server holds tester/digits/abc123')
})

test('somebody presses Stop', async () => {
  await begin()
  expect(await stream({})).toEqual([200, { exitcode: null, limits: {} }])
  server.pressStop('abc123')
  expect(await stream({})).toMatchObject([200, { stopped: true }])
})

describe('fails as it is told to:', () => {
  test('so many requests of a kind, after so many', async () => {
    await begin()
    server.fail({ shows: 503, on: 'file_stream', skip: 1, times: 2 })
    const statuses = []
    for (let n = 0; n < 5; n++) statuses.push((await stream(rows(n, '{}')))[0])
    expect(statuses).toEqual([200, 503, 503, 200, 200])
    expect(await begin()).toMatchObject({ data: {} })
    expect(server.run('abc123').streams['wandb-history.jsonl'].missing).toBe(2)
  })

  test('a share of them, the same for a seed', async () => {
    const statuses = async (seed: number): Promise<number[]> => {
      await using seeded = await startWandbServer({ seed })
      seeded.fail({ shows: 500, probability: 0.5 })
      for (let n = 0; n < 20; n++) await fetch(`${seeded.url}/sdk/metrics`)
      return seeded.requests.map(({ status }) => status as number)
    }
    const first = await statuses(1)
    expect(new Set(first)).toEqual(new Set([200, 500]))
    expect(await statuses(1)).toEqual(first)
    expect(await statuses(2)).not.toEqual(first)
  })

  test('with what it does all the same', async () => {
    await begin()
    const ended = server.fail({ shows: 'reset', applied: 'at once', on: 'file_stream' })
    await expect(stream(rows(0, '{}'))).rejects.toThrow('fetch failed')
    ended()
    server.fail({ shows: 'reset', on: 'file_stream' })
    await expect(stream(rows(1, '{}'))).rejects.toThrow('fetch failed')
    expect(server.run('abc123').rows.length).toBe(1)
    expect(server.requests.map(({ kind, status }) => [kind, status])).toEqual([
      ['graphql', 200],
      ['file_stream', 'reset'],
      ['file_stream', 'reset'],
    ])
  })

  test('late, and done early or late', async () => {
    await begin()
    server.fail({ shows: 'slow', delayMs: 300, on: 'file_stream', times: 1 })
    server.fail({ shows: 'slow', delayMs: 300, on: 'file_stream', applied: 'late' })
    const held: number[] = []
    for (const offset of [0, 1]) {
      const answer = stream(rows(offset, '{}'))
      await vi.waitUntil(() => server.requests.at(-1)?.status === undefined, { interval: 1 })
      held.push(server.run('abc123').rows.length)
      expect((await answer)[0]).toBe(200)
      held.push(server.run('abc123').rows.length)
    }
    expect(held).toEqual([1, 1, 1, 2])
  })

  test('with a time after which a client may come again', async () => {
    server.fail({ shows: 429, retryAfterSeconds: 7 })
    const response = await fetch(`${server.url}/graphql`, { method: 'POST', body: '{}' })
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7'])
  })

  test('by being gone, and back with all it held', async () => {
    await begin()
    const { url } = server
    await server.leave()
    await expect(begin()).rejects.toThrow('fetch failed')
    await server.comeBack()
    expect(server.url).toBe(url)
    expect(await begin()).toMatchObject({ data: { upsertBucket: { inserted: false } } })
  })
})
