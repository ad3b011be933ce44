import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

it('runs where there is nothing but the language, and where code may not be made from strings', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { defineEvent, EventBus } from '@hookstep/core'
        const paused = defineEvent('test.paused')
        const bus = new EventBus()
        for (let count = 0; count < 20; count++) bus.subscribe(paused, (log) => log.push(count))
        bus.subscribe(paused, async (log) => log.push('later'))
        export const log = []
        export const delivered = bus.trigger(paused, log)`,
      resolveDir: import.meta.dirname,
    },
    conditions: ['hookstep:source'],
    bundle: true,
    format: 'iife',
    globalName: 'story',
    write: false,
  })
  const bare = createContext({}, { codeGeneration: { strings: false, wasm: false } })
  runInContext((outputFiles[0] as { text: string }).text, bare)
  await runInContext('story.delivered', bare)
  expect([...runInContext('story.log', bare)]).toEqual([...Array(20).keys(), 'later'])
  expect(() => runInContext("new Function('')", bare)).toThrow('Code generation from strings disallowed')
})
