import { every, type Hook, train } from '@hookstep/catalogue'
import { type FaultOptions, faultyHook, line, plainBackend, recordTrace } from '@hookstep/testing'
import { Trainer, type TrainerOptions } from '@hookstep/trainer'
import { expect, test } from 'vitest'

/** Eight samples in steps of two microbatches of two: two steps an epoch. */
const small: Omit<TrainerOptions, 'hooks'> = {
  backend: plainBackend(),
  data: line({ samples: 8 }),
  batchSize: 2,
  accumulate: 2,
  epochs: 1,
  learningRate: 0.1,
  log: every('1 step'),
}

test('prints', async () => {
  const trace = recordTrace()
  await using trainer = new Trainer({
    ...small,
    evaluate: { data: line({ samples: 4 }) },
    epochs: 2,
    hooks: [trace],
  })
  const summary = await trainer.train()
  console.log(String(trace), summary)
  console.log(await trainer.evaluate(line({ samples: 10 })))
})
