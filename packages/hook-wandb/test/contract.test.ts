import { wandb } from '@hookstep/hook-wandb/node'
import { hookContract } from '@hookstep/testing'
import { afterEach, beforeEach, describe, test, vi } from 'vitest'
import { temporaryFolder } from './processes.ts'

beforeEach(() => {
  vi.stubEnv('WANDB_SILENT', 'true')
  vi.stubEnv('WANDB_RUN_ID', '')
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

const subjects = {
  // The ids of runs are drawn; a run that goes on finds no log in a place of its own, and warns.
  offline: {
    hook: async () => wandb({ mode: 'offline', dir: await temporaryFolder() }),
    timed: true,
    resumes: true,
  },
  disabled: { hook: () => wandb({ mode: 'disabled' }) },
}

describe.each(Object.entries(subjects))('%s', (_, subject) => {
  for (const { name, run } of hookContract(subject)) test(name, run)
})
