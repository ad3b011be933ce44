/**
 * Trains with a W&B run that is sent while it goes on, and with checkpoints, in the folder that it is told: a row a step.
 * Says each step that was logged. Goes on where a checkpoint was taken.
 */
import { every, type Hook, train } from '@hookstep/catalogue'
import { checkpoint } from '@hookstep/hook-checkpoint/node'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'
import { nodePlatform } from '../../src/node/platform.ts'
import { uploadAt } from '../../src/online/upload.ts'
import { wandbOn } from '../../src/wandb.ts'
import { quick } from '../online/quick.ts'

const [dir = '', steps = ''] = process.argv.slice(2)

const telling: Hook = {
  name: 'telling',
  setup(run) {
    run.subscribe(train.log, ({ step }) => console.log(`logged ${step}`))
    // So that the upload has its turns, as beside a training of some length.
    run.subscribe(train.step.post, () => new Promise((resolve) => setImmediate(resolve)))
  },
}

const hook = wandbOn(nodePlatform(uploadAt(quick)), { project: 'digits', dir, console: false })
await using trainer = new Trainer({
  backend: plainBackend(),
  data: line({ samples: 64 }),
  batchSize: 8,
  steps: Number(steps),
  learningRate: 0.05,
  log: every('1 step'),
  hooks: [
    checkpoint({ folder: `${dir}/checkpoints`, when: every('50 steps'), signals: {}, triggerFile: false }),
    hook,
    telling,
  ],
})
const { warnings } = await trainer.train()
console.log(JSON.stringify({ id: hook.id, folder: hook.folder, warnings }))
