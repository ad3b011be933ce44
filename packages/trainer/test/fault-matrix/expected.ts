import { checkpoint, train } from '@hookstep/catalogue'
import type { Cell, Seen } from './cell.ts'
import { capacity, type Outcome, outcomes } from './outcomes.ts'
import { isOfIncidents, isToldByHooks } from './scenarios.ts'

/** What a cell comes to, as far as its outcome is documented. */
export interface Verdict {
  /** How the run ended: what the error said, where it failed. */
  readonly end: string
  readonly firstFailure: string | undefined
  readonly dropped: number
  /** Other hooks that failed or missed events without ending the run. */
  readonly hurt: readonly string[]
  /** Errors that could not end the run any more, or not at all. */
  readonly warned: readonly string[]
  /** Where the run told that it was kept waiting. */
  readonly slowAt: readonly string[]
  /** Seconds that have passed. */
  readonly seconds: number
  /** What the hooks before it and behind it heard of the run. */
  readonly before: Heard
  readonly behind: Heard
  readonly cleanups: readonly string[]
  /** What is left behind: timers, handlers, errors that nobody caught. */
  readonly left: readonly string[]
}

/** How much of what is told without the fault, and what then. */
export interface Heard {
  readonly asWithout: number
  readonly afterwards: readonly string[]
}

/** A cell whose handler misbehaves, and the same run without the fault. */
export interface Given {
  readonly cell: Required<Pick<Cell, 'fault'>> & Cell
  readonly reference: Seen
  readonly seen: Seen
}

export function verdictOf({ cell, seen, reference }: Given): Verdict {
  const { summary, told, before, behind, cleanups, left, seconds } = seen
  return {
    end: endOf(seen).replace(
      waitedFor,
      (_, hooks) => `is heard by ${hooks.includes(cell.hook.name) ? cell.hook.name : hooks}`,
    ),
    firstFailure: firstFailure(cell, seen),
    dropped: summary?.incidents[cell.hook.name]?.dropped ?? droppedOf(seen),
    hurt: hurtBeside(cell, seen),
    warned: seen.warnings.filter((message) => /^hookstep: (after the failure|a handler of)/.test(message)),
    slowAt: told.filter(({ kind }) => kind === 'slow').map(({ at }) => at),
    seconds,
    before: heard(before, reference.before),
    behind: heard(behind, reference.behind),
    cleanups,
    left,
  }
}

function hurtBeside({ hook }: Cell, { summary }: Seen): readonly string[] {
  return Object.keys(summary?.incidents ?? {}).filter((name) => name !== hook.name)
}

/** As it was told; the summary of a run that failed is not there. */
function droppedOf({ told }: Seen): number {
  return told.reduce((sum, { kind, count }) => sum + (kind === 'dropped' ? count : 0), 0)
}

/** Of what must act at its moment, that it comes too late in the background is known, and told. */
function firstFailure({ hook, policy, tooLate }: Cell, { told, summary }: Seen): string | undefined {
  const isLate = (message: string): boolean =>
    policy.includes('background') && tooLate?.test(message) === true
  const failed = told.find(({ kind, message }) => kind === 'failed' && !isLate(message))
  // What fails while incidents are told is not told again; the summary has it.
  const counted = told.length === 0 ? summary?.incidents[hook.name]?.firstFailure : undefined
  return failed === undefined ? counted : `${failed.at}: ${failed.message}`
}

/** What the table says of a cell. */
export function expectedOf(given: Given): Verdict {
  const { cell, reference, seen } = given
  const outcome = outcomeOf(given)
  const place = cell.fault.at.id
  const unharmed = {
    end: endOf(reference),
    firstFailure: undefined,
    dropped: 0,
    hurt: seen.summary === undefined ? [] : hurtBeside(cell, reference),
    warned: [],
    slowAt: slowAt(given, outcome),
    seconds: reference.seconds + outcome.waits,
    before: { asWithout: reference.before.length, afterwards: [] },
    behind: { asWithout: reference.behind.length, afterwards: [] },
    cleanups: ['behind', cell.hook.name, 'before'],
    left: [],
  }
  if (outcome.run === 'fails') return failed(given, unharmed, outcome)
  const dropped = outcome.dropped === undefined ? 0 : countDropped(outcome.dropped, restOf(seen, place))
  return { ...unharmed, dropped, firstFailure: outcome.failure && `${place}: ${outcome.failure}` }
}

/** The run fails at this event; the others are told of it, and of nothing between. */
function failed({ cell, reference, seen }: Given, unharmed: Verdict, { failure }: Outcome): Verdict {
  const place = cell.fault.at.id
  const end = errorOf(cell, failure)
  // No run fails for what is told of hooks.
  if (isOfIncidents(place)) return { ...unharmed, warned: [`hookstep: a handler of ${place} failed: ${end}`] }
  // All are told that a run is over. What has made it fail is its first error.
  if (closing.test(place)) {
    if (reference.error === undefined) return { ...unharmed, end }
    return { ...unharmed, warned: [`hookstep: after the failure: ${end}`] }
  }
  const kind = place.startsWith('inference.') ? 'inference' : 'train'
  const before = { asWithout: seen.linesAtFault, afterwards: [`${kind}.failed`, `${kind}.closed`] }
  const behind = { ...before, asWithout: before.asWithout - (isToldByHooks(place) ? 0 : 1) }
  return { ...unharmed, end, before, behind }
}

/** Whether another hook has waited for it in vain. */
function isNested({ policy, fault: { at, fault } }: Given['cell']): boolean {
  const isTold = isToldByHooks(at.id) && !isOfIncidents(at.id)
  return policy === 'none' && fault === 'never-settles' && isTold
}

const waitedFor = /is heard by (.*)/

function errorOf(cell: Given['cell'], failure: string | undefined): string {
  const { hook, fault } = cell
  const { at } = fault
  if (!isNested(cell)) return `Hook "${hook.name}" failed at ${at.id}: ${failure}`
  // Who tells the event waits for it, and its own time is over first.
  const teller = at.id === checkpoint.rejected.id ? train.restore : train.checkpoint
  return `Hook "telling" failed at ${teller.id}: ${failure}; it was waiting until ${at.id} is heard by ${hook.name}`
}

/** Events that come once in a run: a handler may take its time there. */
const once = /^(train|inference)\.(configuration\..*|restore|ready|finished|stopped|failed|closed)$/
const closing = /^(train|inference)\.(failed|closed)$/

function slowAt({ cell, seen }: Given, { slowAt }: Outcome): readonly string[] {
  const place = cell.fault.at.id
  if (slowAt === undefined) return []
  const at = slowAt === 'the fault' ? place : (restOf(seen, place)[capacity]?.id as string)
  return once.test(at) || isOfIncidents(at) ? [] : [at]
}

function outcomeOf({ cell: { policy, fault }, seen }: Given): Outcome {
  const isBlocking = policy === 'background, block, full' && restOf(seen, fault.at.id).length <= capacity
  // With few events behind it, the queue has room.
  return outcomes[isBlocking ? 'background' : policy][fault.fault]
}

/** What comes for the hook behind the fault. */
function restOf({ deliveries }: Seen, place: string): Seen['deliveries'] {
  return deliveries.slice(deliveries.findIndex(({ id }) => id === place) + 1)
}

function countDropped(which: NonNullable<Outcome['dropped']>, rest: Seen['deliveries']): number {
  if (which === 'all') return rest.length
  if (which === 'all but the newest') return Math.max(0, rest.length - capacity)
  return rest.length - new Set(rest.map(({ listener }) => listener)).size
}

function endOf({ summary, error }: Seen): string {
  return summary?.outcome ?? (error as Error).message
}

function heard(lines: readonly string[], without: readonly string[]): Heard {
  const [all, expected] = [lines.map(idOfEnd), without.map(idOfEnd)]
  const differs = all.findIndex((line, at) => line !== expected[at])
  const asWithout = differs === -1 ? all.length : differs
  return { asWithout, afterwards: all.slice(asWithout) }
}

/** Of a run that failed, the place and the error are told elsewhere. */
function idOfEnd(line: string): string {
  return /^(train|inference)\.(failed|closed) /.test(line) ? line.slice(0, line.indexOf(' ')) : line
}
