import type { Json } from '@hookstep/catalogue'

/** Whether a run is sent while it goes on, is kept on disk to be sent later, or is not followed at all. */
export type Mode = 'online' | 'offline' | 'disabled'

/** What is not given is taken from the environment (`WANDB_PROJECT`, …), then from the default. */
export interface WandbOptions {
  /** Default `WANDB_MODE`, else `online`. */
  readonly mode?: Mode
  /** Default `WANDB_PROJECT`, else `uncategorized`. */
  readonly project?: string
  /** A user or a team. Default `WANDB_ENTITY`, else the one that the key's owner has chosen. */
  readonly entity?: string
  /** What the website calls the run. Default `WANDB_NAME`, else two words and a number of W&B's choice. */
  readonly name?: string
  /** Names the run for good: letters, digits, `-` and `_`. Default `WANDB_RUN_ID`, else drawn. */
  readonly id?: string
  /** Runs of a group are shown together. Default `WANDB_RUN_GROUP`. */
  readonly group?: string
  /** Such as `train` or `sweep`. Default `WANDB_JOB_TYPE`. */
  readonly jobType?: string
  /** Default `WANDB_TAGS`, separated by commas. */
  readonly tags?: readonly string[]
  /** Default `WANDB_NOTES`. */
  readonly notes?: string
  /** What the run is compared by. Default: the resolved options of the training. */
  readonly config?: Readonly<Record<string, Json>>
  /** The folder in which `wandb/…` is made. Default `WANDB_DIR`, else the working directory. In a browser: a folder of the origin-private file system. */
  readonly dir?: string
  /** Default `WANDB_BASE_URL`, else `https://api.wandb.ai`. */
  readonly baseUrl?: string
  /** Default `WANDB_API_KEY`, else the password for the server in `~/.netrc` (`NETRC` names another file). */
  readonly apiKey?: string
  /**
   * What becomes of a run of W&B that is there. `allow`: a training that goes on from a checkpoint goes on in its run, and so does
   * one of the same `id`. `must`: the same, and it is an error where there is none. `never`: it is always a new run.
   * Default `WANDB_RESUME`, else `allow`.
   */
  readonly resume?: 'allow' | 'must' | 'never'
  /** Metrics of which the summary has the best value as well, such as `{ 'eval/loss': 'min' }`. */
  readonly best?: Readonly<Record<string, 'min' | 'max'>>
  /** Whether what the process writes to its outputs is kept with the run. Node only. Default: not where `WANDB_CONSOLE` is `off`. */
  readonly console?: boolean
  /** Whether a log that cannot be written ends the run, rather than a warning being given. Default false. */
  readonly strict?: boolean
  /** Milliseconds that the end of a run waits until everything is sent. What is not is sent by `sync`. Default 60,000. */
  readonly drainMs?: number
}

const texts = [
  'project',
  'entity',
  'name',
  'id',
  'group',
  'jobType',
  'notes',
  'dir',
  'baseUrl',
  'apiKey',
] as const satisfies (keyof WandbOptions)[]

const others = ['mode', 'tags', 'config', 'resume', 'best', 'console', 'strict', 'drainMs'] as const

/** @throws TypeError | RangeError naming the option, its value and the remedy. */
export function checkOptions(options: WandbOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`wandb(${String(options)}): give an object, such as { project: 'digits' }`)
  }
  checkNames(options)
  for (const name of texts) checkText(name, options[name])
  if (options.id !== undefined) checkId('id', options.id)
  checkChoice('mode', options.mode, modes)
  checkChoice('resume', options.resume, resumes)
  for (const name of ['console', 'strict'] as const) checkChoice(name, options[name], [true, false])
  checkTags(options.tags)
  checkObject('config', options.config)
  checkObject('best', options.best)
  for (const [metric, best] of Object.entries(options.best ?? {})) {
    checkChoice(`best[${JSON.stringify(metric)}]`, best, ['min', 'max'])
  }
  checkMilliseconds(options.drainMs)
}

export const modes: readonly Mode[] = ['online', 'offline', 'disabled']
export const resumes: readonly ('allow' | 'must' | 'never')[] = ['allow', 'must', 'never']

/** @throws RangeError on what the server would refuse, or what would not do as a file's name. */
export function checkId(what: string, id: string): void {
  if (/^[\w-]{1,64}$/.test(id)) return
  throw new RangeError(`wandb: ${what} is ${JSON.stringify(id)}; give at most 64 letters, digits, - and _`)
}

/** A misspelt option would quietly do nothing. */
function checkNames(options: object): void {
  const known: readonly string[] = [...texts, ...others]
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new TypeError(`wandb: there is no option ${JSON.stringify(unknown)}; there are ${known.join(', ')}`)
}

function checkText(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'string' && value !== '')) return
  throw new TypeError(`wandb: ${name} is ${shown(value)}; give a text that is not empty, or leave it out`)
}

export function checkChoice<Choice>(
  name: string,
  value: Choice | undefined,
  choices: readonly Choice[],
): void {
  if (value === undefined || choices.includes(value)) return
  throw new RangeError(`wandb: ${name} is ${shown(value)}; it must be one of ${choices.join(', ')}`)
}

function checkTags(tags: readonly string[] | undefined): void {
  if (tags === undefined) return
  const isFine = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string' && tag !== '')
  if (!isFine) throw new TypeError(`wandb: tags is ${shown(tags)}; give a list of texts: ['baseline']`)
}

function checkObject(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value))) return
  throw new TypeError(`wandb: ${name} is ${shown(value)}; give an object`)
}

function checkMilliseconds(value: number | undefined): void {
  if (value === undefined || (value >= 0 && value < 2 ** 31)) return
  throw new RangeError(`wandb: drainMs is ${value}; it must be from 0 to less than 2 ** 31 milliseconds`)
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value)
}
