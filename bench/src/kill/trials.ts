import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Random, random } from '@hookstep/trainer'
import { differences, type Outcome, outcomeOf } from './outcome.ts'
import { type BackendName, type OptimizerName, optimizerNames, type Settings } from './settings.ts'
import type { Moment } from './training.ts'
import { type Blow, runVictim } from './victim.ts'

/** What became of a backend's runs. */
export interface Tally {
  readonly backend: BackendName
  kills: number
  /** Kills while a checkpoint was being written. */
  inSave: number
  /** Kills while a process started, restored, or had not yet done anything. */
  inResume: number
  /** Runs that were killed, went on, ended and were compared. */
  trials: number
  /** Kills in runs that ended with any other bit. */
  differing: number
}

/** Blows that a run gets at most; then it is left to end. */
const killsPerTrial = 5

/** Kills runs of every optimizer in turn until enough blows were dealt. */
export async function killAndCompare(backend: BackendName, kills: number, seed: number): Promise<Tally> {
  const tally: Tally = { backend, kills: 0, inSave: 0, inResume: 0, trials: 0, differing: 0 }
  const expected = new Map<OptimizerName, Promise<Outcome>>()
  let begun = 0
  const worker = async (): Promise<void> => {
    while (tally.kills < kills) {
      const number = begun++
      const optimizer = optimizerNames[number % optimizerNames.length] as OptimizerName
      if (!expected.has(optimizer)) expected.set(optimizer, undisturbed(backend, optimizer))
      const stream = random(seed, backend, number)
      await trial(tally, { backend, optimizer }, await (expected.get(optimizer) as Promise<Outcome>), stream)
      progress(tally, kills)
    }
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker))
  return tally
}

function undisturbed(backend: BackendName, optimizer: OptimizerName): Promise<Outcome> {
  return inFolder(async (folder) => {
    await runVictim({ backend, optimizer, folder }, undefined)
    return outcomeOf(folder)
  })
}

async function trial(
  tally: Tally,
  run: Omit<Settings, 'folder'>,
  expected: Outcome,
  stream: Random,
): Promise<void> {
  await inFolder(async (folder) => {
    const settings = { ...run, folder }
    const blows: Blow[] = []
    for (let ended = false; !ended; ) {
      const blow = blows.length < killsPerTrial ? drawBlow(stream) : undefined
      const { killed, last, inSave } = await runVictim(settings, blow)
      ended = !killed
      if (!killed) continue
      blows.push(blow as Blow)
      tally.kills++
      if (inSave) tally.inSave++
      if (last === undefined || last === 'ready') tally.inResume++
    }
    const different = differences(expected, await outcomeOf(folder))
    tally.trials++
    if (different.length === 0) return
    tally.differing += blows.length
    console.error(
      `${run.backend}, ${run.optimizer}: ${different.join(', ')} differ after ${JSON.stringify(blows)}`,
    )
  })
}

/** Half of the blows aim at saves, a tenth at the start, the rest anywhere. */
function drawBlow(stream: Random): Blow {
  const kind = stream.next()
  if (kind < 0.1) return { moment: undefined, count: 1, delayMs: Math.floor(stream.next() * 1500) }
  if (kind < 0.55) return blow('saving', 4, 15, stream)
  if (kind < 0.65) return blow('committed', 3, 3, stream)
  if (kind < 0.75) return blow('evaluation', 8, 5, stream)
  return blow('microbatch', 40, 8, stream)
}

function blow(moment: Moment, countLimit: number, delayLimitMs: number, stream: Random): Blow {
  const count = 1 + stream.below(countLimit)
  return { moment, count, delayMs: Math.floor(stream.next() * (delayLimitMs + 1)) }
}

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'hookstep-kill-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function progress({ backend, kills }: Tally, of: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\rkill: ${backend}, ${kills} of ${of} \u001b[K`)
}
