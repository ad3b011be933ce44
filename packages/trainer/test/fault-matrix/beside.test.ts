import type { Hook } from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { catalogueEvents } from '@hookstep/testing'
import { describe, expect, test } from 'vitest'
import { placesOf, setTheStage, testCells } from './matrix.ts'
import { isOfIncidents } from './scenarios.ts'
import { subjects } from './subjects.ts'

setTheStage()

const events = [...catalogueEvents().values()]
const ofRun = events.filter(({ id }) => !isOfIncidents(id))

/** A hook that is told of these. */
const toldOf = (events: readonly Event<object>[]): Hook => ({
  name: 'told',
  setup(run) {
    for (const event of events) run.subscribe(event, () => {})
    return () => {}
  },
})

/** Tell events themselves, or wait for files or requests at each of thousands of runs. */
const apart = [
  'checkpoint',
  'statistics',
  'systemMetrics',
  'throughput',
  'journal',
  'csv',
  'tensorBoard',
  'metrics',
  'wandb',
  'mlflow',
]

/** The other hooks of ours, under names of their own. */
function allOurs(): readonly Hook[] {
  return Object.entries(subjects)
    .filter(([name]) => !apart.includes(name))
    .map(([name, { hook }]) => {
      const own = hook()
      return { name, setup: (run) => own.setup(run) }
    })
}

describe('beside other hooks of ours', async () => {
  const places = await placesOf({ hook: () => toldOf(events) })

  test('there is a run that tells each event of the catalogue', () => {
    expect(places.map(({ at }) => at.id).sort()).toEqual([...catalogueEvents().keys()].sort())
  })

  for (const place of places) {
    // Told of its own incidents, a hook would have one more for each.
    const told = isOfIncidents(place.at.id) ? [place.at] : ofRun
    testCells({ hook: () => toldOf(told), others: allOurs }, place)
  }
})
