import type { JSX } from 'preact'
import type { State } from '../src/dashboard/protocol.ts'
import { duration } from '../src/figures.ts'
import type { ColoredRun } from './charts.ts'
import { flatten } from './configuration.ts'
import type { PageRun } from './run-store.ts'

interface RunCardProps extends ColoredRun {
  readonly isShown: boolean
  /** Shows or hides its lines; none where it is the only run. */
  readonly onToggle: (() => void) | undefined
}

/** What a run is, where it stands and how it was begun. */
export function RunCard({ run, color, isShown, onToggle }: RunCardProps): JSX.Element {
  const { about, status } = run
  return (
    <article class={isShown ? 'card run' : 'card run hidden'}>
      <header>
        <RunName name={about.name} color={color} isShown={isShown} onToggle={onToggle} />
        <span class={`state ${status.state}`}>{stateNames[status.state]}</span>
      </header>
      {status.reason !== undefined && <p class="reason">{status.reason}</p>}
      <ProgressBar run={run} color={color} />
      <dl class="facts">
        {factsOf(run).map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Configuration run={run} />
    </article>
  )
}

const stateNames: Readonly<Record<State, string>> = {
  waiting: 'waiting',
  running: 'running',
  silent: 'no end written',
  finished: 'finished',
  stopped: 'stopped',
  failed: 'failed',
}

function RunName({
  name,
  color,
  isShown,
  onToggle,
}: Omit<RunCardProps, 'run'> & { name: string }): JSX.Element {
  if (onToggle === undefined) return <h2>{name}</h2>
  return (
    <h2>
      <label>
        <input type="checkbox" checked={isShown} onChange={onToggle} style={{ accentColor: color }} />
        <span>{name}</span>
      </label>
    </h2>
  )
}

function ProgressBar({ run, color }: { run: PageRun; color: string }): JSX.Element | null {
  const share = shareDone(run)
  if (share === undefined) return null
  const percent = Math.round(share * 100)
  return (
    <div class="progress" role="progressbar" aria-valuenow={percent} aria-label={`${run.about.name}, done`}>
      <div style={{ width: `${share * 100}%`, background: color }} />
    </div>
  )
}

/** Of the whole run, where that is known. */
export function shareDone({ status }: PageRun): number | undefined {
  const { state, step, totalSteps, seconds, secondsLeft } = status
  if (state === 'finished') return 1
  if (totalSteps !== undefined && totalSteps > 0) return Math.min(1, step / totalSteps)
  return secondsLeft === undefined ? undefined : seconds / (seconds + secondsLeft)
}

const grouped = new Intl.NumberFormat('en-US')

function factsOf({ status }: PageRun): [name: string, value: string][] {
  const { step, totalSteps, epoch, seconds, samples, secondsLeft } = status
  const total = totalSteps === undefined ? '' : ` of ${grouped.format(totalSteps)}`
  return [
    ['step', `${grouped.format(step)}${total}`],
    ['epoch', epoch.toFixed(epoch < 10 ? 2 : 1)],
    ['time', duration(seconds)],
    secondsLeft === undefined ? ['samples', grouped.format(samples)] : ['time left', duration(secondsLeft)],
  ]
}

/** How it was begun, behind a click. */
function Configuration({ run }: { run: PageRun }): JSX.Element {
  const { date, file, versions = {}, worldSize, configuration } = run.about
  const made = Object.entries(versions).map(([name, version]) => [name, version] as const)
  const rows: (readonly [string, string])[] = [
    ...(date === undefined ? [] : [['begun', new Date(date).toLocaleString()] as const]),
    ...(file === undefined ? [] : [['journal', file] as const]),
    ...made,
    ...(worldSize === undefined ? [] : [['processes', String(worldSize)] as const]),
    ...flatten(configuration),
  ]
  return (
    <details>
      <summary>Configuration</summary>
      <table>
        <tbody>
          {rows.map(([name, value]) => (
            <tr>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}
