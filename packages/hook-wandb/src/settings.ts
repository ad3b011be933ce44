import type { Json } from '@hookstep/catalogue'
import { passwordOf } from './netrc.ts'
import { checkChoice, checkId, type Mode, modes, resumes, type WandbOptions } from './options.ts'

/** Where settings come from besides the options. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The content of the `.netrc` file, where there is one. */
  readonly netrc?: string | undefined
}

/** The options, with what the surroundings say in place of those that were not given. */
export interface Settings {
  readonly mode: Mode
  readonly project: string
  readonly entity: string | undefined
  readonly name: string | undefined
  readonly id: string | undefined
  readonly group: string | undefined
  readonly jobType: string | undefined
  readonly tags: readonly string[]
  readonly notes: string | undefined
  readonly config: Readonly<Record<string, Json>> | undefined
  readonly dir: string | undefined
  readonly baseUrl: string
  readonly apiKey: string | undefined
  readonly resume: 'allow' | 'must' | 'never'
  readonly best: Readonly<Record<string, 'min' | 'max'>>
  readonly console: boolean
  readonly isSilent: boolean
  readonly strict: boolean
  readonly drainMs: number
}

/**
 * Options first, then `WANDB_*`, then `.netrc`, then defaults.
 *
 * @throws RangeError on an environment variable that cannot be.
 * @throws Error where a run is to be sent and there is no key.
 */
export function resolveSettings(options: WandbOptions, surroundings: Surroundings): Settings {
  const { mode, apiKey, baseUrl } = address(options, surroundings)
  const env = surroundings.environment
  const id = options.id ?? text(env.WANDB_RUN_ID)
  if (id !== undefined) checkId(options.id === undefined ? 'WANDB_RUN_ID' : 'id', id)
  const settings: Settings = {
    mode,
    baseUrl,
    apiKey,
    id,
    project: options.project ?? text(env.WANDB_PROJECT) ?? 'uncategorized',
    entity: options.entity ?? text(env.WANDB_ENTITY),
    name: options.name ?? text(env.WANDB_NAME),
    group: options.group ?? text(env.WANDB_RUN_GROUP),
    jobType: options.jobType ?? text(env.WANDB_JOB_TYPE),
    tags: options.tags ?? listed(env.WANDB_TAGS),
    notes: options.notes ?? text(env.WANDB_NOTES),
    config: options.config,
    dir: options.dir ?? text(env.WANDB_DIR),
    resume: options.resume ?? resumeOf(text(env.WANDB_RESUME)),
    best: options.best ?? {},
    console: options.console ?? env.WANDB_CONSOLE !== 'off',
    isSilent: isTrue(env.WANDB_SILENT),
    strict: options.strict ?? false,
    drainMs: options.drainMs ?? 60_000,
  }
  if (mode === 'online' && apiKey === undefined) throw missingKey(baseUrl)
  return settings
}

/** Which server, and with which key: as much as `sync` needs. */
export function address(
  { mode, baseUrl, apiKey }: Pick<WandbOptions, 'mode' | 'baseUrl' | 'apiKey'>,
  { environment: env, netrc = '' }: Surroundings,
): Pick<Settings, 'mode' | 'baseUrl' | 'apiKey'> {
  const url = checkUrl(baseUrl ?? text(env.WANDB_BASE_URL) ?? 'https://api.wandb.ai')
  return {
    mode: mode ?? modeOf(text(env.WANDB_MODE)),
    baseUrl: url,
    apiKey: apiKey ?? text(env.WANDB_API_KEY) ?? passwordOf(netrc, new URL(url).hostname),
  }
}

function checkUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol === 'https:' || parsed?.protocol === 'http:') return url.replace(/\/+$/, '')
  throw new RangeError(`wandb: baseUrl is ${JSON.stringify(url)}; give one such as https://api.wandb.ai`)
}

function modeOf(mode: string | undefined): Mode {
  checkChoice('WANDB_MODE', mode, ['dryrun', ...modes])
  return mode === 'dryrun' ? 'offline' : ((mode as Mode | undefined) ?? 'online')
}

/** W&B's own `auto` is what `allow` does here anyway. */
function resumeOf(resume: string | undefined): Settings['resume'] {
  if (resume === undefined || resume === 'auto' || isTrue(resume)) return 'allow'
  checkChoice<string>('WANDB_RESUME', resume, ['auto', ...resumes])
  return resume as Settings['resume']
}

function listed(texts: string | undefined): string[] {
  return (texts ?? '').split(',').flatMap((tag) => tag.trim() || [])
}

/** A variable that is set to nothing is not set. */
function text(value: string | undefined): string | undefined {
  return value || undefined
}

function isTrue(value: string | undefined): boolean {
  return /^(true|1|yes|y|on)$/i.test(value ?? '')
}

function missingKey(baseUrl: string): Error {
  return new Error(
    `there is no API key for ${baseUrl}: set WANDB_API_KEY (or the option apiKey), ` +
      "run `wandb login`, which writes ~/.netrc, or take mode: 'offline' and sync later",
  )
}
