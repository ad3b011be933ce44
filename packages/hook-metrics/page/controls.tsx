import type { JSX } from 'preact'
import type { Settings } from './settings.ts'

interface ControlsProps {
  readonly settings: Settings
  readonly onChange: (change: Partial<Settings>) => void
  readonly filter: string
  readonly onFilter: (text: string) => void
  /** Shows all again; none where nothing is left out. */
  readonly onShowAll: (() => void) | undefined
}

/** What can be chosen for all charts together. */
export function Controls({ settings, onChange, filter, onFilter, onShowAll }: ControlsProps): JSX.Element {
  return (
    <form class="controls" onSubmit={(event) => event.preventDefault()}>
      <fieldset class="choice">
        <legend>x axis</legend>
        {(['step', 'time'] as const).map((axis) => (
          <label>
            <input
              type="radio"
              name="axis"
              checked={settings.axis === axis}
              onChange={() => onChange({ axis })}
            />
            <span>{axis}</span>
          </label>
        ))}
      </fieldset>
      <label class="switch">
        <input
          type="checkbox"
          checked={settings.isLog}
          onChange={(event) => onChange({ isLog: event.currentTarget.checked })}
        />
        <span>log scale</span>
      </label>
      <label class="slider">
        <span>smoothing</span>
        <input
          type="range"
          min="0"
          max="0.99"
          step="0.01"
          value={settings.smoothing}
          onInput={(event) => onChange({ smoothing: Number(event.currentTarget.value) })}
        />
        <output>{settings.smoothing.toFixed(2)}</output>
      </label>
      <input
        type="search"
        placeholder="Find charts"
        aria-label="Find charts"
        value={filter}
        onInput={(event) => onFilter(event.currentTarget.value)}
      />
      {onShowAll !== undefined && (
        <button type="button" onClick={onShowAll}>
          Show all
        </button>
      )}
    </form>
  )
}
