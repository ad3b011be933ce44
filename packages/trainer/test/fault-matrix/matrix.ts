import type { Hook } from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { catalogueEvents, type Fault } from '@hookstep/testing'
import { afterAll, expect, test, vi } from 'vitest'
import { type Cell, type Seen, see } from './cell.ts'
import { expectedOf, verdictOf } from './expected.ts'
import { outcomes, type Policy } from './outcomes.ts'
import { watchHashing } from './own-time.ts'
import { isOfIncidents, type Scenario, scenarios } from './scenarios.ts'
import type { Subject } from './subjects.ts'

const faults = Object.keys(outcomes.none) as Fault[]
const allPolicies = Object.keys(outcomes) as Policy[]

/** Time is the test's own, and nothing is printed. To be called once in a file. */
export function setTheStage(): void {
  // At once: where hooks can fail is found out before the first test.
  vi.stubEnv('CI', '')
  vi.stubEnv('TERM', 'xterm')
  // What nvidia-smi says of a GPU, if there is one, comes when it comes.
  vi.stubEnv('PATH', '')
  vi.stubEnv('WANDB_SILENT', 'true')
  // A server that takes everything.
  vi.stubGlobal('fetch', async () => Response.json(mlflowAnswer))
  const { log, warn } = console
  // No mocks: of thousands of runs they would keep every line.
  Object.assign(console, { log: () => {}, warn: () => {} })
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
  })
  const stopWatching = watchHashing()
  afterAll(() => {
    stopWatching()
    vi.useRealTimers()
    vi.unstubAllEnvs()
    vi.unstubAllGlobals()
    Object.assign(console, { log, warn })
  })
}

/** Whatever MLflow is asked. */
const mlflowAnswer = { experiment: { experiment_id: '1' }, run: { info: { run_id: '1' } } }

/** A hook at an event, in the first kind of run in which it is told of it. */
export interface Place {
  readonly at: Event<object>
  readonly scenario: Scenario
}

/** Where a hook can fail: every event that any kind of run tells it. */
export async function placesOf({ hook }: Subject): Promise<readonly Place[]> {
  const places = new Map<string, Place>()
  for (const scenario of scenarios) {
    const { deliveries } = await see({ hook: hook(), scenario, policy: 'none' })
    for (const { id } of deliveries) {
      if (!places.has(id)) places.set(id, { at: catalogueEvents().get(id) as Event<object>, scenario })
    }
  }
  return [...places.values()]
}

/** A test for each cell of one hook at one event. */
export function testCells(subject: Subject, { at, scenario }: Place): void {
  const { hook, tooLate, others = () => [], policies = allPolicies } = subject
  test.each(policies.flatMap((policy) => faults.map((fault) => [fault, policy] as const)))(
    `at ${at.id}, a handler that %s, policy: %s`,
    async (fault, policy) => {
      const cell = { hook: hook(), scenario, policy, fault: { at, fault }, others: others(), tooLate }
      const reference = await referenceOf({ ...cell, hook: silent })
      const seen = await see(cell)
      expect(verdictOf({ cell, reference, seen })).toEqual(expectedOf({ cell, reference, seen }))
      // Nothing fails in silence: what is counted is told, but for what befalls who is told.
      if (!isOfIncidents(at.id)) expect(counted(cell, seen)).toEqual(told(seen))
    },
  )
}

/** Failures and missed events of the hook, as the summary has them; a run that failed has none. */
function counted({ hook }: Cell, { summary }: Seen): object | undefined {
  const { failures, dropped } = summary?.incidents[hook.name] ?? { failures: 0, dropped: 0 }
  return summary && { failures, dropped }
}

function told({ told, summary }: Seen): object | undefined {
  const count = (wanted: string): number =>
    told.reduce((sum, { kind, count }) => sum + (kind === wanted ? count : 0), 0)
  return summary && { failures: count('failed'), dropped: count('dropped') }
}

const silent: Hook = { name: 'silent', setup() {} }

const references = new Map<string, Promise<Seen>>()

/** The run as it is without the hook. */
function referenceOf({ fault: _, ...cell }: Cell): Promise<Seen> {
  const key = `${cell.scenario.name}, ${cell.policy}`
  const known = references.get(key) ?? see(cell)
  references.set(key, known)
  return known
}
