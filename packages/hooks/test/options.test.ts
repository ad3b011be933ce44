import {
  earlyStopping,
  learningRateFinder,
  nanGuard,
  reduceOnPlateau,
  statistics,
  timeLimit,
  weightAverage,
} from '@hookstep/hooks'
import { expect, test } from 'vitest'

/** What somebody may well write, and no type checker has seen. */
const misspelt: readonly [make: (options: never) => unknown, name: string, known: string][] = [
  [earlyStopping, 'patiense', 'patience, restoreBest, metric, of, mode, minimumChange, startFrom'],
  [reduceOnPlateau, 'factr', 'factor, patience, minimumRate, metric, of, mode, minimumChange, startFrom'],
  [nanGuard, 'max', 'maximumInARow, spikeFactor, spikeWindow'],
  [(options) => timeLimit('2 hours', options), 'off', 'of'],
  [weightAverage, 'decy', 'decay, when'],
  [statistics, 'whn', 'when, bins, report'],
  [learningRateFinder, 'step', 'from, to, steps, smoothing, divergence'],
]

test('an option that there is not is refused, naming it and those there are', () => {
  const said = misspelt.map(([make, name]) => {
    try {
      return make({ [name]: 1 } as never)
    } catch (error) {
      return error instanceof TypeError && error.message.replace(/^\w+ /, '')
    }
  })
  expect(said).toEqual(misspelt.map(([, name, known]) => `has no option "${name}"; there are ${known}`))
})
