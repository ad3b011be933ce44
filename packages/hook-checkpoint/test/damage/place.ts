import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkpoint as events, every, type Hook, never, type Trigger, train } from '@hookstep/catalogue'
import { checkpoint } from '@hookstep/hook-checkpoint/node'
import { plainBackend } from '@hookstep/testing'
import { at, counting, lastState, learnedBy, trainWith } from '../runs.ts'

/** What lies in the folder of every damage, the newest taken within a step. */
export const [oldest, before, newest] = ['step-00000004', 'step-00000008', 'step-00000009-within-10'] as const

/** Folders with the checkpoints of a real run, each to be damaged once. */
export class Origin {
  /** What the run came to that nobody interrupted. */
  readonly learned: unknown
  private readonly top: string
  private copies = 0

  static async make(): Promise<Origin> {
    const top = await mkdtemp(join(tmpdir(), 'hookstep-damage-'))
    const last = lastState()
    const saving = checkpoint({
      folder: join(top, 'origin'),
      when: every('4 steps'),
      keep: { last: 9 },
      signals: {},
    })
    await training([counting(), savingWithinStep10(), last, saving])
    for (const later of ['step-00000012', 'step-00000016'])
      await rm(join(top, 'origin', later), { recursive: true })
    return new Origin(top, learnedBy(last))
  }

  private constructor(top: string, learned: unknown) {
    this.top = top
    this.learned = learned
  }

  /** @returns the path of a folder of one's own. */
  async copy(): Promise<string> {
    const path = join(this.top, `copy-${++this.copies}`)
    await cp(join(this.top, 'origin'), path, { recursive: true })
    return path
  }

  async remove(): Promise<void> {
    await rm(this.top, { recursive: true })
  }
}

/** What a run that goes on in a folder tells, and comes to. */
export interface Resumed {
  /** The steps that were complete where it went on. */
  readonly from: number
  /** The names of the checkpoints that it refused, in alphabetical order. */
  readonly refused: readonly string[]
  readonly reasons: readonly string[]
  readonly learned: unknown
}

/** Goes on in a folder, to the end of the run, and saves where told so; another hook may follow it. */
export async function resumed(
  path: string,
  when: Trigger = never,
  ...others: readonly Hook[]
): Promise<Resumed> {
  let from = Number.NaN
  const refused: string[] = []
  const reasons: string[] = []
  const last = lastState()
  await training([
    counting(),
    last,
    at(train.ready, ({ progress }) => {
      from = progress.step
    }),
    at(events.rejected, ({ location, reason }) => {
      refused.push(location.slice(path.length + 1))
      reasons.push(reason)
    }),
    checkpoint({ folder: path, when, keep: { last: 9 }, signals: {} }),
    ...others,
  ])
  return { from, refused: refused.sort(), reasons, learned: learnedBy(last) }
}

/** A checkpoint's files. */
export async function contentsOf(path: string): Promise<Map<string, Buffer>> {
  const names = await readdir(path)
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(path, name))] as const)),
  )
}

/** Some hundred numbers to learn, so that files have a header and a body to be damaged. */
async function training(hooks: readonly Hook[]): Promise<void> {
  await trainWith(hooks, { backend: plainBackend({ layers: [1, 200, 1], inputNoise: 0.1 }) })
}

function savingWithinStep10(): Hook {
  return at(train.microbatch.post, ({ step, microbatch }, run) => {
    if (step === 10 && microbatch === 1) run.save('within a step', { now: true })
  })
}
