/** Trains with a journal in the file that it is told, with a checkpoint every 500 steps, and says how far it is. */
import { checkpoint, every, type Hook, train } from '@hookstep/catalogue'
import { journal } from '@hookstep/hook-metrics/node'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'

const [file = '', steps = '', rights] = process.argv.slice(2)

// Root may write everywhere: become somebody who may not.
if (rights === 'unprivileged' && process.getuid?.() === 0) process.setuid?.(65534)

const saving: Hook = {
  name: 'saving',
  setup(run) {
    run.subscribe(train.checkpoint, async (context) => {
      if (context.step % 500 !== 0) return
      await run.trigger(checkpoint.pre, context)
      console.log(`checkpoint ${context.step}`)
      // The parent may want to end this here and now.
      await new Promise((resolve) => setTimeout(resolve, 10))
    })
  },
}

const trainer = new Trainer({
  backend: plainBackend(),
  data: line(),
  steps: Number(steps),
  log: every('1 step'),
  hooks: [journal(file), saving],
})
await trainer.train().catch((error: Error) => {
  console.log(error.message)
  process.exitCode = 1
})
