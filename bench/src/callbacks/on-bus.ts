/** The events of a step, fired one after another as a loop would, with contexts that are there already. */
import { EventBus, installHooks } from '@hookstep/core'
import type { Incident, PolicyRun } from '@hookstep/core/policies'
import { flags } from '../frame/flags.ts'
import { callbackCount, type Subject, seen, stepEvents } from './subjects.ts'

const steps = flags.quick ? 20 : 500
const repeats = flags.quick ? 2 : 10

/** Steps of a millisecond: then a run gives the event loop its turn after so many. */
const stepsPerTurn = 25

/** Microseconds of the training thread per event and callback: the least of several goes. */
export async function timeOnBus({ hooks, isHere }: Subject): Promise<number> {
  const bus = new BareRun()
  const installed = await installHooks(hooks(), () => bus)
  let least = Number.POSITIVE_INFINITY
  for (let count = 0; count < repeats; count++) least = Math.min(least, await millisecondsOf(bus, isHere))
  await installed.cleanUp()
  if (bus.incidents.length > 0) throw new Error(`callbacks were not told: ${bus.incidents}`)
  return (1000 * least) / (steps * stepEvents.length * callbackCount)
}

/** A bus, and where hooks report. */
class BareRun extends EventBus implements PolicyRun {
  readonly incidents: string[] = []

  report(incident: Incident): void {
    this.incidents.push(incident.at)
  }
}

async function millisecondsOf(bus: EventBus, isHere: boolean): Promise<number> {
  const expected = seen.calls + steps * stepEvents.length * callbackCount
  const beganAt = performance.now()
  for (let step = 1; step <= steps; step++) {
    const context = Object.freeze({ step, progress: { step } })
    for (const event of stepEvents) {
      const delivered = bus.trigger(event, context)
      if (delivered !== undefined) await delivered
    }
    if (step % stepsPerTurn === 0) await turn()
  }
  while (isHere && seen.calls < expected) await turn()
  return performance.now() - beganAt
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
