import { join } from 'node:path'
import { every } from '@hookstep/catalogue'
import { consoleLines, history, mlflow, openTelemetry, prometheus, throughput } from '@hookstep/hook-metrics'
import { csv, journal, metrics, progressBar, systemMetrics, tensorBoard } from '@hookstep/hook-metrics/node'
import { hookContract } from '@hookstep/testing'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, test, vi } from 'vitest'
import { temporaryFolder } from './processes.ts'

beforeEach(() => {
  vi.stubEnv('CI', '')
  vi.stubEnv('TERM', 'xterm')
  // Without nvidia-smi: what it says of a GPU comes when it comes.
  vi.stubEnv('PATH', '')
  vi.spyOn(console, 'log').mockImplementation(() => {})
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

const subjects = {
  // Its position depends on how long the seconds are; a second run finds the file of the first, and warns.
  journal: {
    hook: async () => journal(join(await temporaryFolder(), 'journal.jsonl')),
    timed: true,
    resumes: true,
  },
  table: {
    hook: async () => csv(join(await temporaryFolder(), 'numbers.csv')),
    timed: true,
    resumes: true,
  },
  'event files': {
    hook: async () => tensorBoard(join(await temporaryFolder(), 'run')),
    timed: true,
    resumes: true,
  },
  'system metrics': { hook: () => systemMetrics({ when: every('2 steps') }) },
  throughput: { hook: () => throughput() },
  prometheus: { hook: () => prometheus({ registry: new Registry() }) },
  opentelemetry: { hook: () => openTelemetry({ meter: new MeterProvider().getMeter('contract') }) },
  // A server that is not there: what the hook does about it depends on the time.
  mlflow: { hook: () => mlflow({ url: 'http://127.0.0.1:9', deadlineMs: 0 }), timed: true, resumes: true },
  metrics: {
    hook: async () => {
      const folder = await temporaryFolder()
      return metrics({
        console: { terminal: { write: () => {} } },
        journal: join(folder, 'journal.jsonl'),
        csv: join(folder, 'numbers.csv'),
        tensorBoard: join(folder, 'run'),
        system: { when: every('3 steps') },
        throughput: false,
      })
    },
    timed: true,
    resumes: true,
  },
  'progress bar': {
    hook: () => progressBar({ terminal: { isTTY: true, columns: 80, rows: 24, write: () => {} } }),
  },
  'progress in lines': { hook: () => progressBar({ terminal: { write: () => {} } }) },
  'console lines': { hook: () => consoleLines() },
  history: { hook: () => history() },
}

describe.each(Object.entries(subjects))('%s', (_, subject) => {
  for (const { name, run } of hookContract(subject)) test(name, run)
})
