import { every, metrics, type RunState, train } from '@hookstep/catalogue'
import { mlflow } from '@hookstep/hook-metrics'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Point } from '../src/mlflow/points.ts'
import { resuming, saving, stoppingAfter } from './checkpoints.ts'
import { type Fault, type MlflowServer, type RunRecord, startMlflowServer } from './mlflow-server.ts'
import { at, evaluated, small, trainWith } from './runs.ts'

let server: MlflowServer

beforeEach(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  server = await startMlflowServer()
})

/** What a run has, without the times and the values. */
function pointsOf(run: RunRecord | undefined): string[] {
  return run?.metrics.map(({ key, step }) => `${key} ${step}`) ?? []
}

const atSteps = (...steps: number[]): string[] =>
  steps.flatMap((step) => ['loss', 'absolute_error', 'learning_rate'].map((name) => `train/${name} ${step}`))

describe('an MLflow server', () => {
  test('has the configuration, the numbers and the end of a run', async () => {
    const hook = mlflow({ url: `${server.url}/`, experiment: 'lines', name: 'first', tags: { who: 'me' } })
    const { warnings } = await trainWith([hook], { ...evaluated, epochs: 1 })
    const [run] = server.runs
    expect([hook.runId, warnings]).toEqual([run?.id, []])
    expect({ ...run, metrics: pointsOf(run) }).toMatchObject({
      experiment: 'lines',
      name: 'first',
      status: 'FINISHED',
      tags: { who: 'me', 'hookstep.run': expect.stringMatching(/^[\da-f-]{36}$/) },
      params: { batchSize: '8', 'log.unit': 'steps', hooks: '["mlflow"]' },
      metrics: [...atSteps(4, 8), 'evaluation/loss 8', 'evaluation/absolute_error 8'],
    })
    expect(run?.metrics[2]).toEqual({
      key: 'train/learning_rate',
      value: 0.05,
      timestamp: expect.any(Number),
      step: 4,
    })
  })

  test('is told that a run was stopped, and that one failed', async () => {
    await trainWith([mlflow({ url: server.url }), stoppingAfter(4)], small)
    const failing = at(train.step.post, () => {
      throw new Error('on purpose')
    })
    await trainWith([mlflow({ url: server.url }), failing], small).catch(() => {})
    expect(server.runs.map(({ status, experiment }) => `${status} ${experiment}`)).toEqual([
      'KILLED Default',
      'FAILED Default',
    ])
  })

  test('gets names that it can take, what is not finite, and at most 1,000 numbers at once', async () => {
    const many = Object.fromEntries(Array.from({ length: 2500 }, (_, i) => [`n${i}`, i]))
    const values = { ...many, 'a,b': Number.NaN, c: -Infinity }
    const measuring = at(train.ready, ({ distributed, progress }, run) =>
      run.trigger(metrics.measured, { distributed, progress, step: 0, source: 'odd', values }),
    )
    await trainWith([mlflow({ url: server.url }), measuring], small)
    const odd = server.runs[0]?.metrics.filter(({ key }) => key.startsWith('odd/')) ?? []
    expect(odd.map(({ value }) => value)).toEqual([...Object.values(many), 'NaN', '-Infinity'])
    expect(odd.at(-2)?.key).toBe('odd/a_b')
  })
})

describe('a server that fails', () => {
  const faults: Record<string, readonly [path: string, ...faults: Fault[]]> = {
    'is not well while the run is made': ['runs/create', { status: 500 }, 'cut'],
    'makes the run and does not say so': ['runs/create', 'cut after'],
    'cuts the connection under numbers': ['log-batch', 'cut', 'cut'],
    'takes numbers and does not say so': ['log-batch', 'cut after', 'cut after'],
    'is asked for too much': ['log-batch', { status: 429, headers: { 'retry-after': '0' } }],
    'has a proxy before it that knows nothing': ['get-by-name', { status: 502 }],
    'cuts the end': ['runs/update', 'cut'],
  }

  test.each(Object.entries(faults))('%s: it has everything once', async (_, [path, ...what]) => {
    server.fail(path, ...what)
    const { warnings } = await trainWith([mlflow({ url: server.url, experiment: 'new' })], small)
    expect(server.runs).toHaveLength(1)
    expect([server.runs[0]?.status, pointsOf(server.runs[0])]).toEqual(['FINISHED', atSteps(4, 8, 12, 16)])
    expect(warnings).toEqual([expect.stringMatching(/^mlflow: MLflow does not answer \(.+\); numbers wait/)])
  })

  test('makes the experiment and does not say so: it is not made again', async () => {
    server.fail('experiments/create', 'cut after')
    await trainWith([mlflow({ url: server.url, experiment: 'new' })], small)
    expect(server.runs.map(({ experiment, status }) => `${experiment} ${status}`)).toEqual(['new FINISHED'])
  })

  test('does not take something: the rest goes on, and each is told', async () => {
    server.fail('log-batch', { status: 400 }, { status: 400 })
    const { warnings } = await trainWith([mlflow({ url: server.url })], small)
    expect([server.runs[0]?.status, warnings]).toEqual([
      'FINISHED',
      [
        'mlflow: MLflow does not take the configuration: 400 FAULT on purpose',
        'mlflow: MLflow does not take 12 numbers: 400 FAULT on purpose',
      ],
    ])
  })

  test('refuses whoever asks: the run goes on without, and says so once', async () => {
    server.fail('get-by-name', { status: 401 })
    const { warnings, outcome } = await trainWith([mlflow({ url: server.url })], small)
    expect([outcome, server.runs, server.requests.length]).toEqual(['finished', [], 1])
    expect(warnings).toEqual([
      expect.stringMatching(/^mlflow: MLflow refuses: 401 FAULT on purpose; \d+ numbers were not sent$/),
    ])
  })

  test('never answers: the end waits no longer than it says', async () => {
    server.fail('get-by-name', 'silence')
    const { warnings } = await trainWith([mlflow({ url: server.url, deadlineMs: 50 })], small)
    expect(warnings).toContain(
      'mlflow: MLflow did not take everything within 50 ms after the end (deadlineMs); 12 numbers were not sent',
    )
  })

  test('is not there: the newest numbers are kept, as many as there is room for', async () => {
    const states: RunState[] = []
    const absent = mlflow({ url: 'http://127.0.0.1:9', deadlineMs: 0, capacity: 7 })
    const { warnings } = await trainWith([absent, saving(13, states)], { ...small, log: every('1 step') })
    const kept = states[0]?.hooks.mlflow?.state ?? expect.fail('nothing was kept')
    const { unsent } = kept as unknown as { unsent: Point[] }
    expect(unsent.map(({ key, step }) => `${key} ${step}`)).toEqual(atSteps(11, 12, 13).slice(-7))
    expect(warnings).toContainEqual(
      expect.stringMatching(/^mlflow: \d+ numbers made room for newer ones \(capacity: 7\)$/),
    )
  })
})

describe('a run that is resumed', () => {
  test('goes on in the same run, and sends nothing twice', async () => {
    const states: RunState[] = []
    await trainWith([mlflow({ url: server.url }), saving(9, states), stoppingAfter(14)], small)
    expect(pointsOf(server.runs[0])).toEqual(atSteps(4, 8, 12))
    await trainWith([mlflow({ url: server.url }), resuming(states[0])], small)
    expect(server.runs.map(({ status }) => status)).toEqual(['FINISHED'])
    expect(pointsOf(server.runs[0])).toEqual(atSteps(4, 8, 12, 16))
  })

  test('sends what the server had not taken before', async () => {
    const states: RunState[] = []
    const away = mlflow({ url: 'http://127.0.0.1:9', deadlineMs: 0 })
    await trainWith([away, saving(9, states)], small)
    await trainWith([mlflow({ url: server.url }), resuming(states[0])], small)
    expect(pointsOf(server.runs[0])).toEqual(atSteps(4, 8, 12, 16))
  })

  test('begins another one where the server has lost it', async () => {
    const states: RunState[] = []
    await trainWith([mlflow({ url: server.url }), saving(9, states), stoppingAfter(14)], small)
    const { url, runs } = await startMlflowServer()
    const { warnings } = await trainWith([mlflow({ url }), resuming(states[0])], small)
    expect(warnings).toEqual([
      'mlflow: the server does not have the run that goes on; another one begins at this step',
    ])
    expect(pointsOf(runs[0]).slice(-6)).toEqual(atSteps(12, 16))
  })
})

test.each([
  [{ url: 'localhost' }, 'mlflow: url is "localhost"; it must be like http://127.0.0.1:5000'],
  [{ url: 'http://a', capacity: 0 }, 'mlflow: capacity is 0; it must be a positive whole number'],
  [{ url: 'http://a', deadlineMs: -1 }, 'mlflow: deadlineMs is -1; it must be a number of milliseconds'],
])('refuses %j', (options, message) => {
  expect(() => mlflow(options)).toThrow(message)
})
