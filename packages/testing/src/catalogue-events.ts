import type { RunContext } from '@hookstep/catalogue'
import * as catalogue from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'

/**
 * Every event of the catalogue by its id, found by looking through what the catalogue exports: an event
 * that is added there is here as well.
 */
export function catalogueEvents(): ReadonlyMap<string, Event<RunContext>> {
  return new Map(all)
}

/** Events within namespaces and phases, at any depth. */
function eventsIn(value: unknown): Event<RunContext>[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  if (isEvent(value)) return [value]
  return Object.values(value).flatMap(eventsIn)
}

/** A phase has an id as well, and holds its events. */
function isEvent(value: object): value is Event<RunContext> {
  return typeof (value as { id?: unknown }).id === 'string' && !('pre' in value)
}

const all = eventsIn(catalogue).map((event) => [event.id, event] as const)
