import type { Hook } from '@hookstep/catalogue'
import { background, isolated, onRank } from '@hookstep/core/policies'
import type { Fault } from '@hookstep/testing'

/** Of a queue that is soon full. A hook may have several handlers of one event. */
export const capacity = 4

export const policies = {
  none: (hook) => hook,
  isolated: (hook) => isolated(hook),
  'isolated, disableAfter: 1': (hook) => isolated(hook, { disableAfter: 1 }),
  background: (hook) => background(hook),
  'isolated(background)': (hook) => isolated(background(hook)),
  'background, block, full': (hook) => background(hook, { capacity }),
  'background, drop-oldest, full': (hook) => background(hook, { overflow: 'drop-oldest', capacity }),
  'background, latest': (hook) => background(hook, { overflow: 'latest' }),
  'onRank main, on another': (hook) => onRank('main', hook),
} satisfies Readonly<Record<string, (hook: Hook) => Hook>>

export type Policy = keyof typeof policies

/** What becomes of a run one of whose handlers misbehaves once: in words, and as it can be compared. */
export interface Outcome {
  readonly says: string
  readonly run: 'fails' | 'goes on'
  /** Seconds that the run is longer. */
  readonly waits: number
  /** What the failure says; without one, nothing fails. */
  readonly failure?: string
  /** Of the events that come after it, which ones the hook is not told of. */
  readonly dropped?: 'all' | 'all but the newest' | 'all but the newest of each'
  /** At which event the run tells that it was kept waiting. */
  readonly slowAt?: 'the fault' | 'the first without room'
}

/** How long a slow handler takes: longer than `slowHookMs`, shorter than every limit. */
export const slowMs = 2000

const purpose = 'faulty on purpose'
const unsettled = 'its promise has not settled within 240000 ms (handlerTimeoutMs)'
const undrained =
  'its promise has not settled: the run is over, and the queue was not empty after 10000 ms (drainMs)'

const slowInRun: Outcome = {
  says: 'the run waits; `hook.slow` tells of it, and a warning',
  run: 'goes on',
  waits: 2,
  slowAt: 'the fault',
}

const failsBeside: Outcome = {
  says: 'the run goes on; a failure is reported',
  run: 'goes on',
  waits: 0,
  failure: purpose,
}

const unsettledBeside: Outcome = {
  says: 'the run goes on; its end waits 10 s (`drainMs`); a failure, and what is still queued as dropped, are reported',
  run: 'goes on',
  waits: 10,
  failure: undrained,
  dropped: 'all',
}

const slowBeside: Outcome = {
  says: 'the run goes on; its end waits until the hook has been told everything',
  run: 'goes on',
  waits: 2,
}

const beside = {
  throws: failsBeside,
  rejects: failsBeside,
  'never-settles': unsettledBeside,
  slow: slowBeside,
}

const isolatedFailure: Outcome = { ...failsBeside }
const disablingFailure: Outcome = {
  says: 'the run goes on; a failure is reported, and every later event of the hook as dropped',
  run: 'goes on',
  waits: 0,
  failure: purpose,
  dropped: 'all',
}

const failsRun: Outcome = {
  says: 'the run fails with a `HookError` that names hook and event',
  run: 'fails',
  waits: 0,
  failure: purpose,
}

const nothing: Outcome = { says: 'nothing: the hook is not there', run: 'goes on', waits: 0 }

/** With the options that policies and the trainer have by default. */
export const outcomes: Readonly<Record<Policy, Readonly<Record<Fault, Outcome>>>> = {
  none: {
    throws: failsRun,
    rejects: failsRun,
    'never-settles': {
      says: 'the run waits 300 s (`handlerTimeoutMs` of the trainer), then fails likewise',
      run: 'fails',
      waits: 300,
      failure: "the handler's promise has not settled within 300000 ms (handlerTimeoutMs)",
    },
    slow: slowInRun,
  },
  isolated: {
    throws: isolatedFailure,
    rejects: isolatedFailure,
    'never-settles': {
      says: 'the run waits 240 s (`handlerTimeoutMs` of the policy), then goes on; a failure is reported, `hook.slow` as well',
      run: 'goes on',
      waits: 240,
      failure: unsettled,
      slowAt: 'the fault',
    },
    slow: slowInRun,
  },
  'isolated, disableAfter: 1': {
    throws: disablingFailure,
    rejects: disablingFailure,
    'never-settles': {
      says: 'the run waits 240 s, then goes on; every later event of the hook is reported as dropped',
      run: 'goes on',
      waits: 240,
      failure: unsettled,
      dropped: 'all',
      slowAt: 'the fault',
    },
    slow: slowInRun,
  },
  background: beside,
  'isolated(background)': beside,
  'background, block, full': {
    ...beside,
    'never-settles': {
      says: 'the run waits until the queue gives up, after 240 s (`handlerTimeoutMs` of the policy); a failure is reported, and the rest is told',
      run: 'goes on',
      waits: 240,
      failure: unsettled,
      slowAt: 'the first without room',
    },
    slow: {
      says: 'the run waits for room in the queue; everything is told',
      run: 'goes on',
      waits: 2,
      slowAt: 'the first without room',
    },
  },
  'background, drop-oldest, full': {
    ...beside,
    slow: {
      says: 'the run goes on; what finds no room pushes out the oldest, which is counted as dropped',
      run: 'goes on',
      waits: 2,
      dropped: 'all but the newest',
    },
  },
  'background, latest': {
    ...beside,
    slow: {
      says: 'the run goes on; of each event that comes meanwhile the newest is told, and the others are counted as dropped',
      run: 'goes on',
      waits: 2,
      dropped: 'all but the newest of each',
    },
  },
  'onRank main, on another': { throws: nothing, rejects: nothing, 'never-settles': nothing, slow: nothing },
}

const names: Readonly<Record<Policy, string>> = {
  none: 'none',
  isolated: '`isolated(hook)`',
  'isolated, disableAfter: 1': '`isolated(hook, { disableAfter: 1 })`',
  background: '`background(hook)`, while there is room',
  'isolated(background)': '`isolated(background(hook))`',
  'background, block, full': '`background(hook)`, full',
  'background, drop-oldest, full': "`background(hook, { overflow: 'drop-oldest' })`, full",
  'background, latest': "`background(hook, { overflow: 'latest' })`",
  'onRank main, on another': "`onRank('main', hook)`, on another rank",
}

/** The table as the page on policies has it. */
export function outcomesAsMarkdown(): string {
  const rows = Object.entries(outcomes).map(([policy, { throws, 'never-settles': never, slow }]) =>
    [names[policy as Policy], throws.says, never.says, slow.says].join(' | '),
  )
  const head = ['Policy | throws, or rejects | never settles | is slow (2 s)', '---|---|---|---']
  return [...head, ...rows]
    .map((row) => `| ${row} |`.replace('| ---', '|---').replace('--- |', '---|'))
    .join('\n')
}
