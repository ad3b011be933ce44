import type { RunRecord } from './run-record.ts'

/** How long a run will take from here on, by its rows alone; `undefined` where that cannot be told. */
export function secondsLeft({ about, status }: RunRecord): number | undefined {
  const done = shareDone(about.configuration, status)
  return done === undefined || done <= 0 ? undefined : (status.seconds * (1 - done)) / done
}

/** Of the steps or the epochs that it was begun with: what comes first ends it. */
function shareDone(configuration: unknown, at: { step: number; epoch: number }): number | undefined {
  if (typeof configuration !== 'object' || configuration === null) return undefined
  const { steps, epochs } = configuration as Readonly<Record<string, unknown>>
  const shares = [share(at.step, steps), share(at.epoch, epochs)].filter((one) => one !== undefined)
  return shares.length === 0 ? undefined : Math.min(1, Math.max(...shares))
}

function share(done: number, all: unknown): number | undefined {
  return typeof all === 'number' && all > 0 ? done / all : undefined
}
