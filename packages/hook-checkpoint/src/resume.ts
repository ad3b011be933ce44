import { Candidates, type CheckpointOf, type Kind, type Reject } from './candidates.ts'
import type { Manifest } from './manifest.ts'
import { messageOf } from './message-of.ts'
import { type Agree, range } from './ranks.ts'
import type { CheckpointStore } from './store.ts'

/** A run that may go on from a checkpoint. */
export interface Resuming<One extends Kind> {
  readonly kind: One
  readonly rank: number
  readonly worldSize: number
  /** That of this rank. */
  readonly store: CheckpointStore
  /** `auto`, `newest`, `never`, or a checkpoint's name. */
  readonly from: string
  /** The step where another hook has put the run before; 0 where none has. */
  readonly reached: number
  readonly reject: Reject
  /** Called where this rank has none: @throws Error where they lie elsewhere. */
  checkElsewhere(): Promise<void>
  restore(state: CheckpointOf<One>['state']): Promise<void>
  readonly agree: Agree
}

/** How a run begins. */
export interface Beginning {
  /** What it goes on from. */
  readonly from: Manifest | undefined
  /** Whether that was named: then each start of the program goes on from it. */
  readonly isNamed: boolean
  /** The highest number of a checkpoint on any rank. */
  readonly sequence: number
  /** The checkpoints of its kind that it has, none of them known to be damaged. */
  readonly manifests: readonly Manifest[]
}

/**
 * Puts a run where a checkpoint stood, as far as it is to and there is one.
 *
 * @throws Error where there is none as asked for, none that is valid, or it does not fit the run.
 */
export async function resume<One extends Kind>(run: Resuming<One>): Promise<Beginning> {
  const found = await Candidates.of(run.store, run.kind, run.reject, run.rank)
  const [, sequence] = await range(run.agree, found.sequence)
  const from = run.from === 'never' ? undefined : await goOn(run, found)
  return { from, isNamed: !isMode(run.from), sequence, manifests: found.valid }
}

async function goOn<One extends Kind>(
  run: Resuming<One>,
  found: Candidates<One>,
): Promise<Manifest | undefined> {
  if (found.valid.length === 0) await run.checkElsewhere()
  const chosen = await choose(run, found)
  if (chosen === undefined || isPassed(run, chosen.manifest)) return undefined
  try {
    await run.restore(chosen.state)
  } catch (error) {
    throw doesNotFit(`${run.store.location}/${chosen.manifest.name}`, error)
  }
  if (run.worldSize > 1 && isMode(run.from)) await found.removeAfter(chosen.manifest.sequence)
  return chosen.manifest
}

function isMode(from: string): boolean {
  return from === 'auto' || from === 'newest'
}

/** Of two hooks that save in two places, the one that is behind does not put the run back. */
function isPassed({ from, reached }: Resuming<Kind>, { step }: Manifest): boolean {
  return isMode(from) && reached > 0 && step <= reached
}

async function choose<One extends Kind>(
  { from, store, agree }: Resuming<One>,
  found: Candidates<One>,
): Promise<CheckpointOf<One> | undefined> {
  if (!isMode(from)) return sameOnAllRanks(await found.named(from), agree)
  const newest = await newestOfAllRanks(found, agree)
  if (newest !== undefined) return newest
  if (found.rejections > 0) {
    throw new Error(
      `none of the ${found.rejections} checkpoints in ${store.location} can be used; ` +
        "warnings say why. Name another place, or begin afresh with resume: 'never'",
    )
  }
  if (from === 'auto') return undefined
  throw new Error(`resume is 'newest', but ${store.location} has no checkpoint: 'auto' begins afresh then`)
}

/**
 * The newest that every rank has. As long as their newest differ, those ahead go back to the one that is the furthest
 * behind: what has one number is of one moment.
 */
async function newestOfAllRanks<One extends Kind>(
  found: Candidates<One>,
  agree: Agree,
): Promise<CheckpointOf<One> | undefined> {
  for (let upTo = Infinity; ; ) {
    const mine = await found.newest(upTo)
    const [least, most] = await range(agree, mine?.manifest.sequence ?? 0)
    if (least === most) return mine
    checkCommon(least, most)
    upTo = least
  }
}

/**
 * Of a rank that was ended within its first save, others are ahead by no more than two: then all begin afresh.
 *
 * @throws Error where a rank that has none has lost them.
 */
function checkCommon(least: number, most: number): void {
  if (least > 0 || most <= 2) return
  throw new Error(
    'a rank has no checkpoint, while another has: look whether each finds the place of its own, ' +
      "or begin afresh with resume: 'never'",
  )
}

async function sameOnAllRanks<One extends Kind>(
  checkpoint: CheckpointOf<One>,
  agree: Agree,
): Promise<CheckpointOf<One>> {
  const { name, sequence } = checkpoint.manifest
  const [least, most] = await range(agree, sequence)
  if (least === most) return checkpoint
  throw new Error(`the ranks' checkpoints ${name} are not of one moment: name another, or take 'auto'`)
}

function doesNotFit(location: string, cause: unknown): Error {
  return new Error(
    `${location} does not fit this run: ${messageOf(cause)}. ` +
      "Go on with the model and the options that it was saved with, or begin afresh with resume: 'never'",
    { cause },
  )
}
