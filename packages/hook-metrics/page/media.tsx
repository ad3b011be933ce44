import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { MediaItem } from '../src/dashboard/protocol.ts'
import { type ColoredRun, matches, titleOf } from './charts.ts'
import { Fold } from './fold.tsx'
import { Histogram } from './histogram.tsx'

interface MediaProps {
  readonly runs: readonly ColoredRun[]
  readonly filter: string
  readonly namesRuns: boolean
}

/** Texts, images, distributions and tables, each name with a choice of the step. */
export function Media({ runs, filter, namesRuns }: MediaProps): JSX.Element | null {
  const all = new Set(runs.flatMap(({ run }) => run.media.map(({ name }) => name)))
  const names = [...all].filter((name) => matches(name, filter))
  if (names.length === 0) return null
  return (
    <Fold title="Media" count={names.length}>
      <div class="grid">
        {names.map((name) => (
          <MediaCard key={name} name={name} runs={runs} namesRuns={namesRuns} />
        ))}
      </div>
    </Fold>
  )
}

function MediaCard({ name, runs, namesRuns }: Omit<MediaProps, 'filter'> & { name: string }): JSX.Element {
  // The newest, until somebody chooses.
  const [chosen, choose] = useState<number>()
  const ofName = runs.map(({ run, color }) => ({
    run,
    color,
    items: run.media.filter((one) => one.name === name),
  }))
  const steps = [...new Set(ofName.flatMap(({ items }) => items.map(({ step }) => step)))].sort(
    (a, b) => a - b,
  )
  const step = chosen ?? steps.at(-1) ?? 0
  const looks = ofName.flatMap(({ run, color, items }) => {
    const item = items.findLast((one) => one.step <= step)
    return item === undefined ? [] : [{ run, color, item }]
  })
  return (
    <article class="card media" aria-label={titleOf(name)}>
      <header>
        <h3>{titleOf(name)}</h3>
        <span class="place">step {step}</span>
      </header>
      {steps.length > 1 && (
        <input
          type="range"
          aria-label={`step of ${titleOf(name)}`}
          aria-valuetext={`step ${step}`}
          min="0"
          max={steps.length - 1}
          value={steps.findLastIndex((one) => one <= step)}
          onInput={(event) => {
            const index = Number(event.currentTarget.value)
            choose(index === steps.length - 1 ? undefined : steps[index])
          }}
        />
      )}
      <div class={`looks ${looks[0]?.item.media.kind ?? ''}`}>
        {looks.map(({ run, color, item }) => (
          <figure>
            {namesRuns && (
              <figcaption>
                <span class="swatch" style={{ background: color }} />
                {run.about.name}
              </figcaption>
            )}
            <Look item={item} color={color} />
          </figure>
        ))}
      </div>
    </article>
  )
}

function Look({ item: { media, name, step }, color }: { item: MediaItem; color: string }): JSX.Element {
  switch (media.kind) {
    case 'text':
      return <pre>{media.text}</pre>
    case 'image':
      return <img src={`data:image/png;base64,${media.png}`} alt={`${titleOf(name)} at step ${step}`} />
    case 'histogram':
      return <Histogram edges={media.edges} counts={media.counts} color={color} />
    case 'table':
      return (
        <div class="wide">
          <table>
            <thead>
              <tr>
                {media.columns.map((column) => (
                  <th scope="col">{column}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {media.rows.map((row) => (
                <tr>
                  {row.map((cell) => (
                    <td>{String(cell ?? '')}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )
  }
}
