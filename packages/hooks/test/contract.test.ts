import { every } from '@hookstep/catalogue'
import {
  earlyStopping,
  learningRateFinder,
  nanGuard,
  reduceOnPlateau,
  statistics,
  timeLimit,
  weightAverage,
} from '@hookstep/hooks'
import { hookContract } from '@hookstep/testing'
import { describe, test, vi } from 'vitest'

vi.spyOn(console, 'warn').mockImplementation(() => {})

const subjects = {
  // One evaluation every three steps: at most one read for each, and the best ones back at the end.
  'early stopping': {
    hook: () => earlyStopping({ patience: 1 }),
    changesTraining: true,
    hostSyncsPerStep: 1,
  },
  'early stopping by logs': { hook: () => earlyStopping({ of: 'log', patience: 100 }) },
  'reduce on plateau': {
    hook: () => reduceOnPlateau({ patience: 1, minimumChange: 0.1 }),
    changesTraining: true,
  },
  'NaN guard': { hook: () => nanGuard(), hostSyncsPerStep: 2 },
  'time limit': { hook: () => timeLimit('2 hours') },
  'weight average': { hook: () => weightAverage(), hostSyncsPerStep: 3 },
  statistics: {
    hook: () => statistics({ when: every('3 steps'), report: () => {} }),
    hostSyncsPerStep: 1,
  },
  'learning-rate finder': {
    hook: () => learningRateFinder({ from: 0.001, to: 0.1, steps: 11 }),
    changesTraining: true,
    hostSyncsPerStep: 1,
  },
}

describe.each(Object.entries(subjects))('%s', (_, subject) => {
  for (const { name, run } of hookContract(subject)) test(name, run)
})
