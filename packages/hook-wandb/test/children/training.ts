/**
 * Trains with a W&B run and checkpoints in the folder that it is told, a row a step, and says each step that was
 * logged. Goes on where a checkpoint was taken.
 */
import { every, type Hook, train } from '@hookstep/catalogue'
import { checkpoint } from '@hookstep/hook-checkpoint/node'
import { wandb } from '@hookstep/hook-wandb/node'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'

const [folder = '', steps = ''] = process.argv.slice(2)

const telling: Hook = {
  name: 'telling',
  setup(run) {
    run.subscribe(train.log, ({ step }) => console.log(`logged ${step}`))
  },
}

const hook = wandb({ mode: 'offline', dir: folder, drainMs: 0 })
await using trainer = new Trainer({
  backend: plainBackend(),
  data: line({ samples: 64 }),
  batchSize: 8,
  steps: Number(steps),
  learningRate: 0.05,
  log: every('1 step'),
  hooks: [
    checkpoint({ folder: `${folder}/checkpoints`, when: every('50 steps'), signals: {}, triggerFile: false }),
    hook,
    telling,
  ],
})
const { warnings } = await trainer.train()
console.log(JSON.stringify({ id: hook.id, folder: hook.folder, warnings }))
