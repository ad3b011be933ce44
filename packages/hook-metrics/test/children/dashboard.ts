/** Trains with a live page that somebody looks at, and does nothing more to end. */
import { every, train } from '@hookstep/catalogue'
import { dashboard } from '@hookstep/hook-metrics/node'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'

const shown = dashboard({ port: 0, keepOpen: process.argv[2] === 'keepOpen' })
const trainer = new Trainer({
  backend: plainBackend(),
  data: line(),
  steps: 20,
  log: every('1 step'),
  hooks: [
    shown,
    {
      name: 'looking',
      setup(run) {
        run.subscribe(train.step.pre, async ({ step }) => {
          if (step !== 1) return
          await fetch(new URL('/events', shown.url))
          console.log('looking')
        })
      },
    },
  ],
})
const { outcome } = await trainer.train()
console.log(outcome)
