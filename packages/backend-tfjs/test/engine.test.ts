import { sgd, type TaskFactory } from '@hookstep/backend-tfjs'
import { expect, test } from 'vitest'
import { open } from './sessions.ts'

const task: TaskFactory = ({ tf }) => ({
  model: tf.sequential({ layers: [tf.layers.dense({ inputShape: [1], units: 1 })] }),
  loss: 'meanSquaredError',
  optimizer: sgd(),
})

// In a file of its own: an engine starts once in a process.
test('ranks of one process open their sessions at once', async () => {
  const sessions = await Promise.all([0, 1].map((rank) => open('wasm', task, { rank })))
  const inputs = { data: Float32Array.of(1, 2), shape: [2, 1] }
  const [first, second] = sessions.map((session) => session.predict({ inputs }))
  expect(first).toEqual(second)
  for (const session of sessions) await session.close()
})
