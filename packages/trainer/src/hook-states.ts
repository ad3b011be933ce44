import type { HookState, Json, PersistedState } from '@hookstep/catalogue'
import { HookError } from '@hookstep/core'
import { inTime, unsettled } from './platform.ts'

/** Of a handler's time that a state has: it is to fail before the handler that waits for it. */
const share = 0.8

/** The states that hooks keep across a stop and a resume, by the hooks' names. */
export class HookStates {
  private readonly declared = new Map<string, PersistedState>()
  private isOpen = true
  private readonly timeoutMs: number | undefined

  /** @param handlerTimeoutMs milliseconds that handlers have, and with them whoever saves or restores states. */
  constructor(handlerTimeoutMs: number | undefined) {
    this.timeoutMs = handlerTimeoutMs && handlerTimeoutMs * share
  }

  /** @throws TypeError | Error on what cannot be kept. */
  declare(hook: string, state: PersistedState): void {
    if (!this.isOpen)
      throw new Error('persist() is called in setup: later, a restored state would not reach it')
    if (this.declared.has(hook)) {
      throw new Error('persist() is called once per hook: keep all state in one object')
    }
    if (!Number.isInteger(state?.version)) {
      throw new TypeError(`persist(): version is ${state?.version}; it must be a whole number`)
    }
    if (typeof state.save !== 'function' || typeof state.load !== 'function') {
      throw new TypeError('persist(): give { version, save(), load(state) }')
    }
    this.declared.set(hook, state)
  }

  /** All hooks are set up. */
  close(): void {
    this.isOpen = false
  }

  /** Copies of all states, taken one after another. */
  async save(): Promise<Record<string, HookState>> {
    const saved: Record<string, HookState> = {}
    for (const [hook, state] of this.declared) saved[hook] = await savedBy(hook, state, this.timeoutMs)
    return saved
  }

  /** Gives each hook its state, one after another. Hooks without one, and states without a hook, are warnings. */
  async load(saved: Readonly<Record<string, HookState>>, warn: (message: string) => void): Promise<void> {
    await this.prepare(saved)(warn)
  }

  /**
   * Brings saved states to the form of the hooks' present versions.
   *
   * @returns gives each hook its state, as `load` does.
   * @throws HookError where a state cannot be read; no hook has been given any then.
   */
  prepare(saved: Readonly<Record<string, HookState>>): (warn: (message: string) => void) => Promise<void> {
    const found = [...this.declared].filter(([hook]) => saved[hook] !== undefined)
    const forms = found.map(([hook, state]) => currentForm(hook, state, saved[hook] as HookState))
    return async (warn) => {
      for (const [at, [hook, state]] of found.entries())
        await loadInto(hook, state, forms[at] as Json, this.timeoutMs)
      this.warnOfStrangers(saved, warn)
    }
  }

  private warnOfStrangers(saved: Readonly<Record<string, HookState>>, warn: (message: string) => void): void {
    for (const hook of this.declared.keys()) {
      if (saved[hook] === undefined) warn(`no state was saved for hook "${hook}": it starts fresh`)
    }
    for (const hook of Object.keys(saved)) {
      if (this.declared.has(hook)) continue
      warn(`the saved state of hook "${hook}" is not used: no hook of that name keeps one`)
    }
  }
}

const late = (ms: number): string => unsettled('its promise', ms, `${share} of handlerTimeoutMs`)

async function savedBy(hook: string, state: PersistedState, ms: number | undefined): Promise<HookState> {
  try {
    return {
      version: state.version,
      state: copyJson(await inTime(state.save(), ms, late), 'save()'),
    }
  } catch (error) {
    throw new HookError(hook, 'persist.save', error)
  }
}

async function loadInto(
  hook: string,
  state: PersistedState,
  form: Json,
  ms: number | undefined,
): Promise<void> {
  try {
    await inTime(state.load(form), ms, late)
  } catch (error) {
    throw new HookError(hook, 'persist.load', error)
  }
}

/** The saved state in the form of the hook's present version. */
function currentForm(hook: string, current: PersistedState, { version, state }: HookState): Json {
  try {
    const copy = copyJson(state, 'the saved state')
    if (version === current.version) return copy
    if (current.migrate !== undefined) return current.migrate(copy, version)
    throw new RangeError(
      `the state of hook "${hook}" was saved as version ${version}; this one reads version ${current.version} ` +
        'and has no migrate()',
    )
  } catch (error) {
    throw new HookError(hook, 'persist.load', error)
  }
}

/** A copy that nobody else holds. @throws TypeError on what JSON would drop or change, such as Infinity. */
function copyJson(value: unknown, path: string): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (Array.isArray(value)) return value.map((item, at) => copyJson(item, `${path}[${at}]`))
  const isPlain = typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value))
  if (!isPlain)
    throw new TypeError(`${path} is ${String(value)}, which JSON cannot hold: use null, a string or a list`)
  return Object.fromEntries(
    Object.entries(value as object).map(([key, item]) => [key, copyJson(item, `${path}.${key}`)]),
  )
}
