import { bytesField, doubleField, integerField, message } from './protobuf.ts'
import { record } from './records.ts'

/**
 * Records of an event file: an `Event` each.
 * https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto
 */

/** What an event file begins with. */
export function fileVersion(): Uint8Array {
  return event(0, bytesField(3, 'brain.Event:2'))
}

/** Says that a run starts at a step. From the second on, readers drop what earlier files have from that step on. */
export function sessionStart(step: number): Uint8Array {
  return event(step, bytesField(7, integerField(1, 1)))
}

/** Values of a step, at most a few: they are one record. */
export function summary(step: number, values: readonly Uint8Array[]): Uint8Array {
  return event(step, bytesField(5, message(...values)))
}

function event(step: number, what: Uint8Array): Uint8Array {
  const at = doubleField(1, Date.now() / 1000)
  // Of a number that is 0, nothing is written.
  return record(step === 0 ? message(at, what) : message(at, integerField(2, step), what))
}
