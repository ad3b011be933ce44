/**
 * Whether a run that is killed and goes on ends as one that was never stopped, bit for bit.
 *
 * A real process trains with accumulation, dropout, batch normalisation, shuffling, augmentation, clipping, evaluation, a
 * journal, a hook with state, and checkpoints that are written beside it, some of them taken within a step. It is killed by
 * SIGKILL at random moments, many of them inside of a save, and started again each time until it ends. Then
 * parameters, optimizer slots, counters, hook states and journal are compared with those of an undisturbed run.
 *
 * Goals: of 200 kills on each backend, over every optimizer, not one changes a bit.
 */
import { flags } from './frame/flags.ts'
import { goalLines, json, table } from './frame/report.ts'
import { atMost, Results } from './frame/results.ts'
import { killAndCompare } from './kill/trials.ts'
import { answerAsVictim, victimSettings } from './kill/victim.ts'

const backends = ['cpu', 'wasm'] as const
const killsPerBackend = flags.quick ? 4 : 200

const victim = victimSettings()
if (victim === undefined) await judge()
else await answerAsVictim(victim)

async function judge(): Promise<void> {
  const seed = Number(process.env.HOOKSTEP_SEED ?? Date.now() % 1_000_000)
  console.error(`kill: seed ${seed} (HOOKSTEP_SEED=${seed} repeats it)`)
  const tallies = []
  for (const backend of backends) tallies.push(await killAndCompare(backend, killsPerBackend, seed))

  const row = (subject: string, setting: string, value: number) => ({
    subject,
    setting,
    unit: 'kills',
    rounds: [value],
  })
  const results = new Results(
    tallies.flatMap(({ backend, kills, trials }) => [
      row(backend, 'kills', kills),
      row(backend, 'runs compared', trials),
    ]),
  )
  const goals = tallies.flatMap(({ backend, kills, differing }) => [
    atMost(0, `${backend}: kills in runs that ended otherwise`, differing, `of ${kills}`),
  ])
  console.log(table('kill', results))
  for (const { backend, inSave, inResume } of tallies) {
    console.log(`${backend}: ${inSave} kills inside of a save, ${inResume} before the process trained again`)
  }
  console.log(goalLines(goals))
  if (flags.quick) console.log('A few kills only: they show that it runs.')
  if (flags.json) console.log(json('kill', goals, results))
  process.exitCode = goals.every(({ met }) => met) ? 0 : 1
}
