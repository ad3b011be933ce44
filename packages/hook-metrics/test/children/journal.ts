/** Trains with a journal in the file that it is told, with a checkpoint every 500 steps, and says how far it is. */
import { checkpoint, every, type Hook, never, train } from '@hookstep/catalogue'
import { journal } from '@hookstep/hook-metrics/node'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'

const [file = '', steps = '', special] = process.argv.slice(2)

// Root may write everywhere: become somebody who may not.
if (special === 'unprivileged' && process.getuid?.() === 0) process.setuid?.(65534)

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

/** Fails at its first step, when the evaluation's row has been on its way for a while. */
const failing: Hook = {
  name: 'failing',
  setup(run) {
    run.subscribe(train.step.post, async () => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      throw new Error('something else')
    })
  },
}

const trainer = new Trainer({
  backend: plainBackend(),
  data: line(),
  steps: Number(steps),
  log: every('1 step'),
  evaluate: { data: line(), when: special === 'failing' ? every('1 step') : never },
  hooks: [journal(file), special === 'failing' ? failing : saving],
})
await trainer.train().catch((error: Error) => {
  console.log(error.message)
  process.exitCode = 1
})
