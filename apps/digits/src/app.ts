import { join } from 'node:path'
import type { Hook } from '@hookstep/catalogue'
import { type Journal, journal, progressBar } from '@hookstep/hook-metrics/node'
import { Trainer } from '@hookstep/trainer'
import { chooseBackend } from './backends.ts'
import { parseFlags } from './command-line.ts'
import { confusionTable } from './confusion-table.ts'
import { type Digits, loadDigits } from './digits.ts'
import { type Fingerprint, fingerprint } from './fingerprint.ts'
import { help } from './help.ts'
import { stopOnInterrupt } from './interrupt.ts'
import { taskOf } from './model.ts'
import { abortedReport, report } from './report.ts'
import { type Settings, settingsOf } from './settings.ts'
import { UsageError } from './usage-error.ts'

const exitCodes = { finished: 0, failed: 1, wrongFlag: 2, interrupted: 130 } as const

/** Does what the command line says, and returns the exit code. */
export async function app(args: readonly string[]): Promise<number> {
  try {
    const flags = parseFlags(args)
    if (flags.help) return say(help())
    const run = await prepare(settingsOf(flags), flags.quiet === true)
    try {
      return flags.explain ? say(await run.trainer.explain()) : await trainAndTest(run)
    } finally {
      await run.trainer.close()
    }
  } catch (error) {
    console.error((error as Error).message)
    return error instanceof UsageError ? exitCodes.wrongFlag : exitCodes.failed
  }
}

/** A run that can begin. */
interface Prepared {
  readonly settings: Settings
  readonly digits: Digits
  readonly trainer: Trainer
  readonly journal: Journal
  readonly fingerprint: Fingerprint
  /** Aborts when the run is to end at once. */
  readonly signal: AbortSignal
}

async function prepare(settings: Settings, quiet: boolean): Promise<Prepared> {
  const backend = await chooseBackend(settings.backend, taskOf(settings.model, settings.optimizer))
  const digits = loadDigits(settings.jitter)
  const abort = new AbortController()
  const [written, hash] = [journal(join(settings.out, 'journal.jsonl')), fingerprint()]
  const watching: Hook[] = quiet ? [] : [progressBar()]
  const trainer = new Trainer({
    backend,
    data: digits.train,
    ...settings.length,
    batchSize: settings.batchSize,
    accumulate: settings.accumulate,
    learningRate: settings.learningRate,
    ...(settings.clip === undefined ? {} : { maxGradientNorm: settings.clip }),
    seed: settings.seed,
    log: settings.logWhen,
    evaluate: { data: digits.validation, when: settings.evaluateWhen },
    hooks: [stopOnInterrupt(() => abort.abort(new Error('interrupted twice'))), written, hash, ...watching],
    signal: abort.signal,
  })
  return { settings, digits, trainer, journal: written, fingerprint: hash, signal: abort.signal }
}

async function trainAndTest({ trainer, digits, signal, ...run }: Prepared): Promise<number> {
  const summary = await trainer.train()
  if (signal.aborted) {
    say(abortedReport(summary, run.journal.file))
    return exitCodes.interrupted
  }
  const table = confusionTable()
  const values = await trainer.evaluate(digits.test, { hooks: [table] })
  say(report({ ...run, journal: run.journal.file, summary, values, counts: table.counts }))
  return summary.outcome === 'finished' ? exitCodes.finished : exitCodes.interrupted
}

function say(text: string): number {
  console.log(text)
  return exitCodes.finished
}
