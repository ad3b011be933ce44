import { evaluate, type PartialStep, train } from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'

/** The events of a step, each once, in their order. */
const order: ReadonlyMap<string, number> = new Map(
  [
    train.step.pre,
    train.batch.pre,
    train.batch.post,
    train.forward_backward.pre,
    train.microbatch.pre,
    train.microbatch.post,
    train.forward_backward.post,
    train.optimizer_step.pre,
    train.optimizer_step.post,
    train.log,
    evaluate.pre,
    evaluate.step.pre,
    evaluate.step.post,
    evaluate.post,
    train.step.post,
  ].map(({ id }, place) => [id, place]),
)

/**
 * How far a step has come among its events. One that was interrupted catches up: it passes by what was done and
 * told before, up to the event that was next.
 */
export class StepCursor {
  /** The event that is being told, or is next. */
  next: string = train.step.pre.id
  /** The place of the event to catch up with; 0 where there is nothing to catch up with. */
  private goal = 0

  /** The cursor of a step that was interrupted. @throws RangeError where `next` is no event of a step. */
  static at(next: string): StepCursor {
    const cursor = new StepCursor()
    cursor.next = next
    cursor.goal = placeOf(next)
    return cursor
  }

  get isCatchingUp(): boolean {
    return this.goal > 0
  }

  /** Comes to an event; false where it was passed before. */
  reach(event: Event<object>): boolean {
    if (this.goal > 0) {
      if (placeOf(event.id) < this.goal) return false
      this.goal = 0
    }
    this.next = event.id
    return true
  }

  /** Whether an event was passed before. */
  isPast(event: Event<object>): boolean {
    return this.goal > 0 && placeOf(event.id) < this.goal
  }

  /**
   * Where a loop goes on of which so many rounds are done: with the next one; or with the last, where its
   * `post` is still to be told.
   */
  firstRound(done: number, post: Event<object>): number {
    return this.goal > 0 && this.next === post.id ? done : done + 1
  }
}

/** @throws RangeError on what is no event of a step. */
export function placeOf(id: string): number {
  const place = order.get(id)
  if (place !== undefined) return place
  throw new RangeError(`the saved step goes on with ${JSON.stringify(id)}, which is no event of a step`)
}

/** The last time that ranks met before the event that is next: a number for the part of the step, and one for the round. */
export function meetingOf(partial: PartialStep | undefined): readonly [part: number, round: number] {
  if (partial === undefined) return [0, 0]
  const { next, fetched, microbatches, evaluation } = partial
  switch (next) {
    case train.step.pre.id:
      return [1, 0]
    case train.batch.pre.id:
      return [1, fetched + 1]
    case train.batch.post.id:
      return [1, fetched]
    case train.forward_backward.pre.id:
      return [2, 0]
    case train.microbatch.pre.id:
      return [2, microbatches + 1]
    case train.microbatch.post.id:
    case train.forward_backward.post.id:
      return [2, microbatches]
    case train.optimizer_step.post.id:
    case train.log.id:
      return [5, 0]
    case evaluate.step.pre.id:
      return [3, (evaluation?.batches ?? 0) + 1]
    case evaluate.step.post.id:
      return [3, evaluation?.batches ?? 0]
    case evaluate.pre.id:
      return [evaluation === undefined ? 4 : 3, 0]
    default:
      return [5, placeOf(next)]
  }
}
