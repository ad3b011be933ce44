/** What the trainer itself costs: on a backend without tensors, with next to nothing to compute. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hook } from '@hookstep/catalogue'
import { journal, progressBar, type Terminal } from '@hookstep/hook-metrics/node'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'

/** Microseconds per step without hooks, over a whole run. */
export async function timeOwnCost(steps: number): Promise<number> {
  return timed(steps, [])
}

/** The same with what watches most runs: a progress bar, drawn as on a terminal, and a journal. */
export async function timeWatched(steps: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'hookstep-'))
  try {
    return await timed(steps, [progressBar({ terminal: unseen }), journal(join(folder, 'journal.jsonl'))])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function timed(steps: number, hooks: readonly Hook[]): Promise<number> {
  const trainer = new Trainer({ backend: plainBackend(), data: line(), steps, batchSize: 1, hooks })
  const { seconds } = await trainer.train()
  await trainer.close()
  return (1e6 * seconds) / steps
}

/** A terminal that nobody looks at. */
const unseen: Terminal = { isTTY: true, columns: 100, rows: 30, write() {} }
