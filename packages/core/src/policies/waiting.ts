import type { Handler } from '../bus.ts'

/** A handler on a queue. */
export interface Listener {
  /** The event's id. */
  readonly at: string
  readonly handler: Handler<never>
  /** Whether it was unsubscribed: what still waits for it is not for it any more. */
  isOver: boolean
}

/** A place in a queue: whose event waits there, and with which context. */
export interface Place {
  listener: Listener | undefined
  context: unknown
}

/** Events that wait for a hook, the oldest first. */
export interface Waiting {
  readonly size: number
  readonly isFull: boolean
  /** Adds an event behind the others. Returns whose event had to go for it. */
  add(listener: Listener, context: unknown): Listener | undefined
  /** The oldest, which waits no more: to be read before anything is added. */
  take(): Place | undefined
}

/** Room for a number of events, made at once. Where it is full, the oldest goes. */
export class Ring implements Waiting {
  size = 0
  private oldest = 0
  private readonly places: readonly Place[]

  constructor(capacity: number) {
    this.places = Array.from({ length: capacity }, () => ({ listener: undefined, context: undefined }))
  }

  get isFull(): boolean {
    return this.size === this.places.length
  }

  add(listener: Listener, context: unknown): Listener | undefined {
    const dropped = this.isFull ? this.take()?.listener : undefined
    const { length } = this.places
    const next = this.oldest + this.size++
    const place = this.places[next < length ? next : next - length] as Place
    place.listener = listener
    place.context = context
    return dropped
  }

  take(): Place | undefined {
    if (this.size === 0) return undefined
    const place = this.places[this.oldest]
    this.oldest = this.oldest + 1 === this.places.length ? 0 : this.oldest + 1
    this.size--
    return place
  }
}

/** One event for each handler: the newest takes its place at the end, and the one before it goes. */
export class Newest implements Waiting {
  readonly isFull = false
  private readonly contexts = new Map<Listener, unknown>()

  get size(): number {
    return this.contexts.size
  }

  add(listener: Listener, context: unknown): Listener | undefined {
    const isReplaced = this.contexts.delete(listener)
    this.contexts.set(listener, context)
    return isReplaced ? listener : undefined
  }

  take(): Place | undefined {
    for (const [listener, context] of this.contexts) {
      this.contexts.delete(listener)
      return { listener, context }
    }
    return undefined
  }
}
