import type { Hook } from '@hookstep/catalogue'
import { inMemoryGroup } from '@hookstep/trainer'
import { ensure, ensureEqual, ensureSameArrays } from '../ensure.ts'
import { recordTrace } from '../trace.ts'
import { bare, type HookSubject, learned, type Rehearsal, rehearse, streamed, usual } from './rehearsal.ts'

/** Promises by their sentences. */
export type Promises = Readonly<Record<string, (subject: HookSubject) => Promise<void>>>

/** How a hook follows runs of all kinds. */
export const following: Promises = {
  async 'has a name, the same each time it is made'({ hook }) {
    const { name } = await hook()
    ensure(typeof name === 'string' && name !== '', 'the hook has no name')
    ensureEqual((await hook()).name, name, 'its name when it is made again')
  },

  async 'follows a run to its end'({ hook }) {
    await rehearse([await hook()])
  },

  async 'follows a run that logs, evaluates and clips nothing'({ hook }) {
    await rehearse([await hook()], bare)
  },

  async 'follows a run whose length is not known'({ hook }) {
    await rehearse([await hook()], streamed)
  },

  async 'follows a run each time alike'({ hook }) {
    ensureAlike(await traced(await hook()), await traced(await hook()), 'a second run')
  },

  async 'follows two runs at once, each as if it were alone'({ hook }) {
    const alone = await traced(await hook())
    const [one, other] = await Promise.all([traced(await hook()), traced(await hook())])
    ensureAlike(one, alone, 'one of two runs at once')
    ensureAlike(other, alone, 'the other of two runs at once')
  },

  async 'follows one run after the other, and keeps nothing of the first'({ hook, resumes = false }) {
    const same = await hook()
    const first = await traced(same)
    const second = await traced(same)
    if (!resumes) ensureAlike(second, first, 'a second run of the same hook')
  },

  async 'follows a run on two ranks, which learn alike'({ hook }) {
    const same = await hook()
    const [one, other] = await Promise.all(
      inMemoryGroup(2).map((distributed) => rehearse([same], { ...usual, distributed, batchSize: 2 })),
    )
    ensureSameSteps(one as Rehearsal, other as Rehearsal, 'the two ranks')
  },
}

/** A run, and the trace of it. */
interface Traced extends Rehearsal {
  readonly lines: readonly string[]
}

async function traced(hook: Hook): Promise<Traced> {
  const trace = recordTrace({ name: 'contract/trace' })
  return { ...(await rehearse([trace, hook])), lines: trace.lines }
}

function ensureAlike(actual: Traced, expected: Traced, what: string): void {
  const differs = expected.lines.findIndex((line, at) => line !== actual.lines[at])
  const at = differs === -1 ? expected.lines.length : differs
  ensure(
    actual.lines.length === expected.lines.length && differs === -1,
    `${what} went another way: "${actual.lines[at] ?? 'nothing'}" instead of "${expected.lines[at] ?? 'nothing'}"`,
  )
  ensureEqual(actual.summary.warnings, expected.summary.warnings, `warnings of ${what}`)
  ensureSameSteps(actual, expected, what)
}

function ensureSameSteps(actual: Rehearsal, expected: Rehearsal, what: string): void {
  ensureEqual(actual.states.length, expected.states.length, `steps of ${what}`)
  for (const [at, state] of expected.states.entries()) {
    const found = actual.states[at]
    if (found !== undefined) ensureSameArrays(learned(found), learned(state), 0, `${what}, step ${at + 1}`)
  }
}
