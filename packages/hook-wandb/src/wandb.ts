import { evaluate, type Hook, metrics, type Run, train } from '@hookstep/catalogue'
import { ConsoleLines } from './console-lines.ts'
import { Followed } from './followed.ts'
import type { SavedRun } from './opened-log.ts'
import { checkOptions, type WandbOptions } from './options.ts'
import { onOutcome } from './outcome.ts'
import type { Platform } from './platform.ts'
import { evaluationRow, logRow, measuredRow } from './row.ts'
import { resolveSettings } from './settings.ts'

/** A hook that keeps a run of W&B. */
export interface Wandb extends Hook {
  /** Of the run, from `train.ready` on. */
  readonly id: string | undefined
  /** Where its log lies, from `train.ready` on. */
  readonly folder: string | undefined
  /** The run's page, once the server has told. */
  readonly url: string | undefined
}

/**
 * The hook on a platform: what {@link Platform} tells of it aside, it is the same everywhere. Take `wandb` of
 * `@hookstep/hook-wandb/node` or `/browser`.
 *
 * @throws TypeError | RangeError on an option that cannot be.
 */
export function wandbOn(platform: Platform, options: WandbOptions = {}): Wandb {
  checkOptions(options)
  let followed: Followed | undefined
  return {
    name: 'wandb',
    get id() {
      return followed?.id
    },
    get folder() {
      return followed?.location
    },
    get url() {
      return followed?.url
    },
    async setup(run) {
      let saved: SavedRun | null = null
      let mine: Followed | undefined
      run.persist<SavedRun | null>({
        version: 1,
        // What a checkpoint names is on the disk before the checkpoint is.
        save: async () => (await mine?.settle()) ?? saved,
        load: (state) => {
          saved = state
        },
      })
      if (!run.distributed.isMain) return
      const settings = resolveSettings(options, await platform.surroundings())
      if (settings.mode === 'disabled') return
      await platform.prepare(settings.dir)
      const lines = new ConsoleLines(settings.console ? platform.captureConsole : undefined)
      run.subscribe(train.ready, async () => {
        mine = await Followed.open({ run, platform, settings, saved }, lines)
        followed = mine
      })
      follow(run, () => mine)
      return async () => {
        lines.end()
        await mine?.close()
      }
    },
  }
}

/** Nothing is followed before there is a log. */
function follow(run: Run, followed: () => Followed | undefined): void {
  run.subscribe(train.log, (context) => followed()?.row(logRow(context)))
  run.subscribe(evaluate.post, (context) => followed()?.row(evaluationRow(context)))
  run.subscribe(metrics.measured, (context) => {
    if (context.source === 'system') followed()?.stats(context.values)
    else followed()?.row(measuredRow(context))
  })
  run.subscribe(metrics.media, (context) => followed()?.media(context))
  onOutcome(run, (outcome) => {
    const one = followed()
    if (one !== undefined) one.outcome = outcome
  })
}
