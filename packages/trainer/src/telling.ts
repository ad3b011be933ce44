import type { Event, EventBus } from '@hookstep/core'

/** Delivers a run's events, and knows where the run is. */
export class Telling {
  /** The id of the last event, or the part of the run: where a failure is said to be. */
  at = 'setup'
  private readonly bus: EventBus

  constructor(bus: EventBus) {
    this.bus = bus
  }

  /** Delivers an event with the context that `make` makes, unless nobody listens. */
  tell<Context extends object>(event: Event<Context>, make: () => Context): void | Promise<void> {
    this.at = event.id
    if (!this.bus.hasSubscribers(event)) return
    return this.bus.trigger(event, Object.freeze(make()))
  }
}
