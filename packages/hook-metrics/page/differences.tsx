import type { JSX } from 'preact'
import type { ColoredRun } from './charts.ts'
import { flatten } from './configuration.ts'

/** The settings in which runs differ. */
export function Differences({ runs }: { runs: readonly ColoredRun[] }): JSX.Element | null {
  const rows = differencesOf(runs)
  if (rows.length === 0) return null
  return (
    <section aria-label="What differs">
      <h2>What differs</h2>
      <div class="card wide">
        <table>
          <thead>
            <tr>
              <th scope="col">setting</th>
              {runs.map(({ run, color }) => (
                <th scope="col">
                  <span class="swatch" style={{ background: color }} />
                  {run.about.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, values]) => (
              <tr>
                <th scope="row">{name}</th>
                {values.map((value) => (
                  <td>{value}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function differencesOf(runs: readonly ColoredRun[]): [name: string, values: string[]][] {
  if (runs.length < 2) return []
  const settings = runs.map(({ run }) => new Map(flatten(run.about.configuration)))
  const names = [...new Set(settings.flatMap((one) => [...one.keys()]))]
  return names
    .map((name): [string, string[]] => [name, settings.map((one) => one.get(name) ?? '–')])
    .filter(([, values]) => new Set(values).size > 1)
}
