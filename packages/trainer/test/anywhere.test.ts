import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

test('runs where there is no Node, and where the platform does not know of `await using`', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { every, train } from '@hookstep/catalogue'
        import { callbacks } from '@hookstep/callbacks'
        import { background } from '@hookstep/core/policies'
        import { earlyStopping, nanGuard, statistics, weightAverage } from '@hookstep/hooks'
        import { line, plainBackend } from '@hookstep/testing'
        import { chromeTrace, Inference, Trainer } from '@hookstep/trainer'
        async function run() {
          const log = []
          const following = {
            name: 'following',
            setup: (run) => void run.subscribe(train.step.post, ({ step }) => log.push(step)),
          }
          await using trainer = new Trainer({
            backend: plainBackend(),
            data: line(),
            steps: 4,
            evaluate: { data: line({ seed: 1 }), when: every('2 steps') },
            hooks: [
              chromeTrace(), earlyStopping(), nanGuard(), weightAverage(), statistics({ report() {} }),
              background(following), callbacks([{ onTrainEnd: () => log.push('end') }]),
            ],
          })
          const { outcome, incidents } = await trainer.train()
          await using inference = new Inference({ backend: plainBackend(), data: line(), from: 'task' })
          await inference.run()
          return JSON.stringify({ outcome, incidents, log, inferred: inference.summary.outcome })
        }
        export const ended = run()`,
      resolveDir: import.meta.dirname,
    },
    conditions: ['hookstep:source'],
    bundle: true,
    format: 'iife',
    globalName: 'story',
    target: 'es2022',
    write: false,
  })
  const { performance, MessageChannel, btoa, atob, console, setTimeout, clearTimeout } = globalThis
  const page = createContext({ performance, MessageChannel, btoa, atob, console, setTimeout, clearTimeout })
  runInContext('delete Symbol.asyncDispose', page)
  runInContext((outputFiles[0] as { text: string }).text, page)
  expect(runInContext('Symbol.asyncDispose', page)).toBeUndefined()
  expect(JSON.parse(await runInContext('story.ended', page))).toEqual({
    outcome: 'finished',
    incidents: {},
    log: [1, 2, 3, 4, 'end'],
    inferred: 'finished',
  })
})
