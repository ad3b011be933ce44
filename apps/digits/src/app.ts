import { join } from 'node:path'
import { type Callbacks, callbacks } from '@hookstep/callbacks'
import type { Hook } from '@hookstep/catalogue'
import { isolated } from '@hookstep/core/policies'
import { checkpoint } from '@hookstep/hook-checkpoint/node'
import { type Dashboard, type Journal, journal, progressBar } from '@hookstep/hook-metrics/node'
import { earlyStopping } from '@hookstep/hooks'
import { type RunSummary, Trainer } from '@hookstep/trainer'
import { chooseBackend } from './backends.ts'
import { confusionTable } from './confusion-table.ts'
import { type Digits, loadDigits } from './digits.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { type Fingerprint, fingerprint } from './fingerprint.ts'
import type { Flags } from './flags.ts'
import { help } from './help.ts'
import { loadCallbacks } from './load-callbacks.ts'
import { taskOf } from './model.ts'
import { incidentsReport, interruptedReport, report } from './report.ts'
import { checkFree, checkpointsOf, flagsOf, keepCommand } from './run-folder.ts'
import { type Settings, settingsOf } from './settings.ts'
import { trackersOf } from './trackers.ts'
import { UsageError } from './usage-error.ts'

/** Does what the command line says, and returns the exit code. */
export async function app(args: readonly string[]): Promise<number> {
  try {
    const flags = flagsOf(args)
    if (flags.help) return say(help())
    const run = await prepare(settingsOf(flags), flags, args)
    try {
      if (flags.explain) return say(await run.trainer.explain())
      const exitCode = await trainAndTest(run, flags.strict === true)
      leaveOpen(run.page)
      return exitCode
    } catch (error) {
      await run.page?.close()
      throw error
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
  /** The live page, where there is to be one. */
  readonly page: Dashboard | undefined
}

async function prepare(settings: Settings, flags: Flags, args: readonly string[]): Promise<Prepared> {
  const isNew = flags.resume === undefined
  if (isNew) checkFree(settings.out)
  const backend = await chooseBackend(settings.backend, taskOf(settings.model, settings.optimizer))
  const digits = loadDigits(settings.jitter)
  const [hash, written] = [fingerprint(), journal(join(settings.out, 'journal.jsonl'))]
  const { hooks: tracking, page } = trackersOf(settings, written)
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
    hooks: [
      hash,
      written,
      ...(isNew ? [keepCommand(settings.out, args)] : []),
      ...tracking,
      ...(await chosenHooks(settings, flags)),
      saving(settings, flags),
    ],
  })
  return { settings, digits, trainer, journal: written, fingerprint: hash, page }
}

/** What is there only where a flag asks for it, or asks it away. */
async function chosenHooks({ patience }: Settings, flags: Flags): Promise<Hook[]> {
  const own: Callbacks[] =
    flags.callbacks === undefined ? [] : [callbacks(await loadCallbacks(flags.callbacks))]
  const stopping = patience === undefined ? [] : [earlyStopping({ metric: 'loss', patience })]
  // A terminal that fails is no reason to end a run.
  return [...stopping, ...own, ...(flags.quiet ? [] : [isolated(progressBar())])]
}

/** Saves at once and stops on Ctrl-C and SIGTERM as well. */
function saving({ out, saveWhen }: Settings, { resume }: Flags): Hook {
  return checkpoint({
    folder: checkpointsOf(out),
    when: saveWhen,
    keep: { last: 2, best: { metric: 'accuracy', mode: 'max' } },
    // What was ended before its first checkpoint begins anew.
    resume: resume === undefined ? 'never' : 'auto',
  })
}

async function trainAndTest({ trainer, digits, page, ...run }: Prepared, strict: boolean): Promise<number> {
  const summary = await trainer.train()
  if (isInterrupted(summary)) {
    await page?.close()
    say(interruptedReport(summary, run.settings.out))
  } else {
    const table = confusionTable()
    const values = await trainer.evaluate(digits.test, { hooks: [table] })
    say(report({ ...run, journal: run.journal.file, summary, values, counts: table.counts }))
  }
  const incidents = incidentsReport(summary)
  if (incidents !== '') console.error(incidents)
  return exitCodeOf(summary, strict)
}

/** Keeps the page, and with it the process, until Ctrl-C. */
function leaveOpen(page: Dashboard | undefined): void {
  if (page?.url === undefined) return
  const close = (): void => void page.close()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, close)
}

/** Whether it ended at once, as against after what was due. */
function isInterrupted({ outcome, requestedBy }: RunSummary): boolean {
  return outcome === 'stopped' && requestedBy === 'checkpoint'
}

function say(text: string): number {
  console.log(text)
  return exitCodes.finished
}
