/** Trains with a bar on an output that says it is a terminal, and ends in the middle as it is told to. */
import { type Hook, train } from '@hookstep/catalogue'
import { progressBar } from '@hookstep/hook-metrics/node'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'

const ends: Record<string, () => unknown> = {
  exit: () => process.exit(3),
  throw: () =>
    setImmediate(() => {
      throw new Error('nobody catches this')
    }),
  SIGINT: () => process.kill(process.pid, 'SIGINT'),
  SIGTERM: () => process.kill(process.pid, 'SIGTERM'),
  'SIGINT, handled once': () => process.kill(process.pid, 'SIGINT'),
  'SIGINT, handled each time': () => process.kill(process.pid, 'SIGINT'),
}

/** Somebody who had listened before the bar did, and ends in his own time: 7 after one signal, 8 after two. */
let signals = 0
const handle = (): void => {
  signals++
  setTimeout(() => process.exit(6 + signals), 50)
}
if (process.argv[2] === 'SIGINT, handled once') process.once('SIGINT', handle)
if (process.argv[2] === 'SIGINT, handled each time') process.on('SIGINT', handle)

const ending: Hook = {
  name: 'ending',
  setup(run) {
    run.subscribe(train.step.post, async ({ step }) => {
      if (step === 2) console.warn('a warning on the other stream')
      if (step === 3) {
        ends[process.argv[2] ?? '']?.()
        await new Promise((resolve) => setTimeout(resolve, 60_000))
      }
    })
  },
}

for (const stream of [process.stdout, process.stderr]) {
  Object.assign(stream, { isTTY: true, columns: 80, rows: 24, hasColors: () => false })
}
Object.assign(process.env, { CI: '', TERM: 'xterm' })

const trainer = new Trainer({
  backend: plainBackend(),
  data: line(),
  steps: 10,
  hooks: [progressBar(), ending],
})
await trainer.train()
