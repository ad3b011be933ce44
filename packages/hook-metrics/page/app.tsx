import type { JSX } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { Chart } from './chart.tsx'
import { type ColoredRun, colored, type Section, sectionsOf } from './charts.ts'
import { type ConnectionState, connect } from './connection.ts'
import { Controls } from './controls.tsx'
import { Differences } from './differences.tsx'
import { Fold } from './fold.tsx'
import { Media } from './media.tsx'
import { RunCard, shareDone } from './run-card.tsx'
import { RunStore } from './run-store.ts'
import { keepSettings, loadSettings, type Range, type Settings } from './settings.ts'

/** The whole page. */
export function App(): JSX.Element {
  const { runs, connection } = useRuns()
  const [settings, setSettings] = useState<Settings>(loadSettings)
  const [filter, setFilter] = useState('')
  const [zoom, setZoom] = useState<Range>()
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const shown = runs.filter(({ run }) => !hidden.has(run.id))
  const change = (part: Partial<Settings>): void => {
    if (part.axis !== undefined) setZoom(undefined)
    setSettings({ ...settings, ...part })
    keepSettings({ ...settings, ...part })
  }
  useTitle(runs)
  return (
    <>
      <header class="top">
        <h1>
          <img src="/icon.svg" alt="" /> Hookstep
        </h1>
        <Connection state={connection} runs={runs} />
        <Controls
          settings={settings}
          onChange={change}
          filter={filter}
          onFilter={setFilter}
          onShowAll={zoom === undefined ? undefined : () => setZoom(undefined)}
        />
      </header>
      <div class="columns">
        <aside aria-label="Runs">
          {runs.map(({ run, color }) => (
            <RunCard
              key={run.id}
              run={run}
              color={color}
              isShown={!hidden.has(run.id)}
              onToggle={runs.length > 1 ? () => setHidden(toggled(hidden, run.id)) : undefined}
            />
          ))}
        </aside>
        <main>
          <Charts
            sections={sectionsOf(shown, filter)}
            settings={settings}
            zoom={zoom}
            onZoom={setZoom}
            namesRuns={runs.length > 1}
          />
          <Media runs={shown} filter={filter} namesRuns={runs.length > 1} />
          <Differences runs={shown} />
        </main>
      </div>
    </>
  )
}

interface ChartsProps {
  readonly sections: readonly Section[]
  readonly settings: Settings
  readonly zoom: Range | undefined
  readonly onZoom: (range: Range | undefined) => void
  readonly namesRuns: boolean
}

function Charts({ sections, ...rest }: ChartsProps): JSX.Element {
  if (sections.length === 0) return <p class="empty">Charts appear with the first values that are logged.</p>
  return (
    <>
      {sections.map(({ title, charts }) => (
        <Fold key={title} title={title} count={charts.length}>
          <div class="grid">
            {charts.map((spec) => (
              <Chart key={spec.key} spec={spec} {...rest} />
            ))}
          </div>
        </Fold>
      ))}
    </>
  )
}

function Connection({ state, runs }: { state: ConnectionState; runs: readonly ColoredRun[] }): JSX.Element {
  const isOver =
    runs.length > 0 && runs.every(({ run }) => !['waiting', 'running'].includes(run.status.state))
  const texts: Readonly<Record<ConnectionState, string>> = {
    connecting: 'connecting',
    open: isOver ? 'ended' : 'live',
    lost: isOver ? 'ended: this page keeps what it shows' : 'no connection: trying again',
  }
  return <output class={`connection ${state} ${isOver ? 'over' : ''}`}>{texts[state]}</output>
}

/** What the server tells, drawn at most once a frame. */
function useRuns(): { runs: ColoredRun[]; connection: ConnectionState } {
  const store = useMemo(() => new RunStore(), [])
  const [, redraw] = useState(0)
  const [connection, setConnection] = useState<ConnectionState>('connecting')
  useEffect(() => {
    let frame = 0
    store.onChange(() => {
      cancelAnimationFrame(frame)
      frame = requestAnimationFrame(() => redraw((count) => count + 1))
    })
    connect((update) => store.apply(update), setConnection)
  }, [store])
  return { runs: colored(store.runs.values()), connection }
}

/** The tab says how far it is. */
function useTitle(runs: readonly ColoredRun[]): void {
  const [first] = runs
  const share = first === undefined ? undefined : shareDone(first.run)
  const done = share === undefined || share === 1 ? '' : `${Math.floor(share * 100)} % `
  const names = runs.length === 1 ? (first?.run.about.name ?? '') : `${runs.length} runs`
  const title = runs.length === 0 ? 'Hookstep' : `${done}${names} · Hookstep`
  useEffect(() => {
    document.title = title
  }, [title])
}

function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const others = new Set(ids)
  if (!others.delete(id)) others.add(id)
  return others
}
