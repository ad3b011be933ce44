/** What somebody has chosen to see, kept in the browser. */
export interface Settings {
  readonly axis: 'step' | 'time'
  /** 0 to 0.99: how much of each point comes from those before it. */
  readonly smoothing: number
  readonly isLog: boolean
}

/** The part of the x axis that is looked at. */
export interface Range {
  readonly min: number
  readonly max: number
}

const usual: Settings = { axis: 'step', smoothing: 0, isLog: false }
const key = 'hookstep-live-page'

export function loadSettings(): Settings {
  try {
    return { ...usual, ...(JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Settings>) }
  } catch {
    return usual
  }
}

export function keepSettings(settings: Settings): void {
  try {
    localStorage.setItem(key, JSON.stringify(settings))
  } catch {
    // A browser may be told to keep nothing.
  }
}
