import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hook } from '@hookstep/catalogue'
import { journal, progressBar, type Terminal } from '@hookstep/hook-metrics/node'

/** Runs `body` with what watches most runs: a progress bar, drawn as on a terminal, and a journal. */
export async function watching<Result>(body: (hooks: readonly Hook[]) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'hookstep-'))
  try {
    return await body([progressBar({ terminal: unseen }), journal(join(folder, 'journal.jsonl'))])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A terminal that nobody looks at. */
const unseen: Terminal = { isTTY: true, columns: 100, rows: 30, write() {} }
