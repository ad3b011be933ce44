/**
 * Trains with checkpoints in the folder named. In the middle of step 5 it says so and waits for the signal named;
 * then it goes on, or waits for another one where told so. Says how the run ended.
 */
import { train } from '@hookstep/catalogue'
import { checkpoint } from '@hookstep/hook-checkpoint/node'
import { at, counting, trainWith } from '../runs.ts'

const [, , folder = '', signal = '', goesOn] = process.argv

const waiting = at(train.microbatch.post, async ({ step, microbatch }) => {
  if (step !== 5 || microbatch !== 1) return
  const signalled = new Promise((resolve) => process.once(signal, resolve))
  console.log('waiting')
  const awake = setInterval(() => {}, 1000)
  await signalled
  if (goesOn === undefined) await new Promise(() => console.log('waiting'))
  clearInterval(awake)
})

const { outcome, steps, requestedBy, reason } = await trainWith([counting(), waiting, checkpoint({ folder })])
console.log(outcome, steps, requestedBy, reason)
