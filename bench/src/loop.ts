/**
 * What the loop costs around the engine.
 *
 * Goals: at most 1.02 times the fastest loop written by hand on the same engine, for a network of usual
 * size, and this once more where that loop is lent the kernels that Hookstep adds to the engine; for a small one never slower than `model.fit`, and 1.3 times as fast as `model.fit` with a callback
 * per batch; and of its own, on a backend without tensors, 20 microseconds a step without hooks, 40 with
 * a progress bar and a journal.
 */
import { benchmark, type Case } from './frame/benchmark.ts'
import { flags } from './frame/flags.ts'
import { atMost, type Goal, type Results } from './frame/results.ts'
import { openEngine } from './loop/engine.ts'
import { loopNames, timeLoop } from './loop/handwritten.ts'
import { perBatch, timeFit } from './loop/model-fit.ts'
import { large, shortened, small } from './loop/workload.ts'

const usual = flags.quick ? shortened(large) : large
const tiny = flags.quick ? shortened(small) : small

const engines = ['cpu', 'wasm'] as const
const usualSettings = { own: '784-128-10 on wasm', lent: 'with our kernels' } as const
const tinySettings = { cpu: '49-32-10 on cpu', wasm: '49-32-10 on wasm' } as const
const ownSetting = 'no tensors'

// Loaded only where they are measured: a peer's process never has them in memory.
const trainer = () => import('./loop/hookstep.ts')
const own = () => import('./loop/own-cost.ts')

const ours = 'hookstep'
const oursReading = 'hookstep, a hook reads every loss'
const oursWatched = 'hookstep, progress bar and journal'
const fits = { 'model.fit': {}, 'model.fit, never yields': { yieldEvery: 'never' } } as const
const fitWithCallback = 'model.fit, a callback per batch'

await benchmark({
  name: 'loop',
  unit: 'µs per step',
  cases: [againstHand(), againstFit(), ownCosts()].flat(),
  goals: (results) => [
    ...Object.values(usualSettings).map((setting) =>
      atMost(
        1.02,
        `${setting}, to the fastest loop written by hand`,
        results.ratio(ours, loopNames, setting),
        'x',
      ),
    ),
    ...engines.flatMap((engine) => goalsAgainstFit(tinySettings[engine], results)),
    atMost(20, 'its own cost', results.of(ours, ownSetting), 'µs per step'),
    atMost(40, 'its own cost, watched', results.of(oursWatched, ownSetting), 'µs per step'),
  ],
})

function againstHand(): Case[] {
  const open = {
    own: () => openEngine('wasm'),
    lent: async () => (await trainer()).openCompleted('wasm', usual),
  }
  return (['own', 'lent'] as const).flatMap((kernels): Case[] => {
    const setting = usualSettings[kernels]
    const written = loopNames.map((subject) => ({
      subject,
      setting,
      measure: async () => timeLoop(subject, await open[kernels](), usual),
    }))
    return [
      { subject: ours, setting, measure: async () => (await trainer()).timeTrainer('wasm', usual) },
      ...written,
    ]
  })
}

function againstFit(): Case[] {
  return engines.flatMap((engine): Case[] => {
    const setting = tinySettings[engine]
    const plain = Object.entries(fits).map(([subject, options]) => ({
      subject,
      setting,
      measure: () => timeFit(engine, tiny, options),
    }))
    return [
      { subject: ours, setting, measure: async () => (await trainer()).timeTrainer(engine, tiny) },
      { subject: oursReading, setting, measure: async () => (await trainer()).timeReading(engine, tiny) },
      ...plain,
      { subject: fitWithCallback, setting, measure: () => timeFit(engine, tiny, perBatch) },
    ]
  })
}

function ownCosts(): Case[] {
  return [
    { subject: ours, setting: ownSetting, measure: async () => (await own()).timeOwnCost() },
    { subject: oursWatched, setting: ownSetting, measure: async () => (await own()).timeWatched() },
  ]
}

function goalsAgainstFit(setting: string, results: Results): Goal[] {
  return [
    atMost(1, `${setting}, to model.fit`, results.ratio(ours, Object.keys(fits), setting), 'x'),
    atMost(
      0.769,
      `${setting}, reading every loss, to model.fit with a callback per batch`,
      results.ratio(oursReading, [fitWithCallback], setting),
      'x',
    ),
  ]
}
