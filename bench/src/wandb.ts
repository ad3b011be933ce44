/**
 * What it costs the training thread to log five metrics to a run of W&B, whatever the server does.
 *
 * Goals: a call takes at most 20 microseconds at the median, and 99 of 100 take less than a millisecond, with a server that
 * is well, with one that takes a minute to answer, with one that is gone, and without any.
 */
import { benchmark, type Case } from './frame/benchmark.ts'
import { atMost } from './frame/results.ts'
import { type Hour, hours, timeCalls, type Watched } from './wandb/log-calls.ts'

const median = 'a log call, median'
const most = 'a log call, 99 of 100'
const shares = { [median]: 0.5, [most]: 0.99 } as const
const subjects: Readonly<Record<Watched, string>> = {
  wandb: 'hookstep, wandb()',
  journal: 'hookstep, journal()',
}

await benchmark({
  name: 'wandb',
  unit: 'µs',
  rounds: 3,
  cases: Object.keys(shares).flatMap((share) => [
    ...hours.map((hour) => oneCase('wandb', share as keyof typeof shares, hour)),
    oneCase('journal', share as keyof typeof shares, 'without a server'),
  ]),
  goals: (results) =>
    hours.flatMap((hour) => [
      atMost(20, `${median}, ${hour}`, results.of(named('wandb', median), hour), 'µs'),
      atMost(1_000, `${most}, ${hour}`, results.of(named('wandb', most), hour), 'µs'),
    ]),
})

function oneCase(watched: Watched, share: keyof typeof shares, hour: Hour): Case {
  return {
    subject: named(watched, share),
    setting: hour,
    measure: () => timeCalls(watched, hour, shares[share]),
  }
}

function named(watched: Watched, share: string): string {
  return `${subjects[watched]}: ${share}`
}
