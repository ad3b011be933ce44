import { type Hook, type Json, type RunState, train } from '@hookstep/catalogue'
import { describe, expect, test } from 'vitest'
import { type HookSubject, hookContract, recordTrace } from '../src/index.ts'

describe('hooks that keep the contract', () => {
  const subjects: Record<string, HookSubject> = {
    'a trace': { hook: () => recordTrace() },
    'a counter with a state': { hook: counter },
    'one that reads each loss': { hook: lossReader, hostSyncsPerStep: 1 },
    'one that stops the run': { hook: () => stoppingAt(7) },
    'one that skips steps': { hook: skipper, changesTraining: true },
    'one whose state is the time': { hook: stopwatch, timed: true },
    'one that goes on where it ended': { hook: keeper, resumes: true, hostSyncsPerStep: 1 },
  }
  for (const [what, subject] of Object.entries(subjects)) {
    for (const { name, run } of hookContract(subject)) test(`${what}: ${name}`, run)
  }
})

/** Counts steps, and keeps the count over a resume. */
function counter(): Hook {
  return {
    name: 'counter',
    setup(run) {
      let steps = 0
      run.subscribe(train.step.post, () => {
        steps++
      })
      run.persist<Json>({
        version: 1,
        save: () => ({ steps }),
        load: (state) => {
          steps = (state as { steps: number }).steps
        },
      })
    },
  }
}

/** Saves the seconds of the run. */
function stopwatch(): Hook {
  return {
    name: 'stopwatch',
    setup(run) {
      let seconds = 0
      run.subscribe(train.step.post, () => {
        seconds = performance.now() / 1000
      })
      run.persist<Json>({
        version: 1,
        save: () => seconds,
        load: (state) => {
          seconds = state as number
        },
      })
    },
  }
}

/** Keeps the last state of a run, and gives it to the next. */
function keeper(): Hook {
  let state: RunState | undefined
  return {
    name: 'keeper',
    setup(run) {
      run.subscribe(train.restore, ({ restore }) => state && restore(state))
      run.subscribe(train.checkpoint, async ({ step, capture }) => {
        if (step === 6) state = await capture()
      })
    },
  }
}

function lossReader(): Hook {
  return {
    name: 'loss-reader',
    setup(run) {
      run.subscribe(train.step.post, async ({ loss }) => {
        await loss()
      })
    },
  }
}

function stoppingAt(last: number): Hook {
  return {
    name: 'stopping',
    setup(run) {
      run.subscribe(train.step.pre, ({ step }) => {
        if (step === last) run.stop('enough')
      })
    },
  }
}

function skipper(): Hook {
  return {
    name: 'skipper',
    setup(run) {
      run.subscribe(train.step.pre, ({ step }) => {
        if (step % 3 === 0) run.skipStep('every third')
      })
    },
  }
}

interface Mutant {
  readonly hook: () => Hook
  /** The title of the case that is about it. */
  readonly foundBy: string
}

const mutants: Record<string, Mutant> = {
  'has no name': {
    hook: () => ({ name: '', setup() {} }),
    foundBy: 'has a name, the same each time it is made',
  },
  'is named anew each time': {
    hook: () => ({ ...counter(), name: `counter-${++made}` }),
    foundBy: 'has a name, the same each time it is made',
  },
  'counts over all runs': {
    hook: () => ({
      name: 'counting',
      setup(run) {
        run.subscribe(train.ready, () => {
          if (++made % 2 === 0) run.warn('even')
        })
      },
    }),
    foundBy: 'follows a run each time alike',
  },
  'shares a variable among runs': {
    hook: () => ({
      name: 'sharing',
      setup(run) {
        shared = 0
        run.subscribe(train.step.post, () => {
          shared++
        })
        run.subscribe(train.finished, () => {
          if (shared !== 12) run.warn(`${shared} steps`)
        })
      },
    }),
    foundBy: 'follows two runs at once, each as if it were alone',
  },
  'saves the time and does not say so': {
    hook: stopwatch,
    foundBy: 'goes on from a checkpoint as if the run had not ended',
  },
  'goes on where it ended and does not say so': {
    hook: keeper,
    foundBy: 'follows one run after the other, and keeps nothing of the first',
  },
  'keeps its state outside of setup': {
    hook: () => {
      let steps = 0
      return {
        name: 'forgetful',
        setup(run) {
          run.subscribe(train.step.pre, () => {
            if (++steps === 20) run.stop('twenty')
          })
        },
      }
    },
    foundBy: 'follows one run after the other, and keeps nothing of the first',
  },
  'leaves an interval': {
    hook: () => ({
      name: 'ticking',
      setup() {
        setInterval(() => {}, 1e6).unref()
      },
    }),
    foundBy: 'leaves nothing behind when the run finishes',
  },
  'clears its interval at train.finished only': {
    hook: () => ({
      name: 'ticking',
      setup(run) {
        const timer = setInterval(() => {}, 1e6).unref()
        run.subscribe(train.finished, () => clearInterval(timer))
      },
    }),
    foundBy: 'leaves nothing behind when the run is stopped',
  },
  'listens to the process for ever': {
    hook: () => ({
      name: 'listening',
      setup() {
        process.on('SIGUSR2', ignore)
      },
    }),
    foundBy: 'leaves nothing behind when the run is aborted',
  },
  'cleans up what it may not have begun': {
    hook: () => ({
      name: 'hasty',
      setup(run) {
        let lines: string[] | undefined
        run.subscribe(train.ready, () => {
          lines = []
        })
        return () => (lines as string[]).push('end')
      },
    }),
    foundBy: 'leaves nothing behind when the run fails before its first step',
  },
  'takes the length of the run for known': {
    hook: () => ({
      name: 'bar',
      setup(run) {
        run.subscribe(train.step.post, ({ progress }) => {
          if (Number.isNaN(progress.step / (progress.totalSteps as number))) throw new Error('no length')
        })
      },
    }),
    foundBy: 'follows a run whose length is not known',
  },
  'takes rank 0 for granted': {
    hook: () => ({
      name: 'alone',
      setup(run) {
        if (!run.distributed.isMain) throw new Error('one process only')
      },
    }),
    foundBy: 'follows a run on two ranks, which learn alike',
  },
  'skips steps and does not say so': { hook: skipper, foundBy: 'does not change what is learned' },
  'reads each loss and does not say so': {
    hook: lossReader,
    foundBy: 'waits for the device no more often than it says',
  },
  'saves what JSON cannot hold': {
    hook: () => persisting(() => ({ best: Number.POSITIVE_INFINITY })),
    foundBy: 'saves a state that JSON can hold',
  },
  'does not load what it saved': {
    hook: () => persisting((steps) => ({ steps })),
    foundBy: 'has the state it was given after a restore',
  },
}

let made = 0
let shared = 0

function ignore(): void {}

/** Counts steps and saves that, but loads nothing. */
function persisting(save: (steps: number) => Json): Hook {
  return {
    name: 'persisting',
    setup(run) {
      let steps = 0
      run.subscribe(train.step.post, () => {
        steps++
      })
      run.persist({ version: 1, save: () => save(steps), load() {} })
    },
  }
}

describe('the contract finds what is broken', () => {
  test.each(Object.entries(mutants))('%s', async (_, { hook, foundBy }) => {
    const failed: string[] = []
    for (const { name, run } of hookContract({ hook })) {
      await run().catch(() => failed.push(name))
      process.removeListener('SIGUSR2', ignore)
    }
    expect(failed).toContain(foundBy)
  })
})
