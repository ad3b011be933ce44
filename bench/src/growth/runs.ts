import { atEnd, type Hook, train } from '@hookstep/catalogue'
import { type Backend, type Data, Trainer } from '@hookstep/trainer'
import type { EngineName } from '../loop/engine.ts'
import { watching } from '../loop/watching.ts'
import { datasetOf, small } from '../loop/workload.ts'

/** Looks at what is in use. */
export type Measure = () => number | Promise<number>

/** What is in use at the end of a run's last step, on an engine of TensorFlow.js. */
export async function afterSteps(engine: EngineName, steps: number, measure: Measure): Promise<number> {
  const { backendOf } = await import('../loop/hookstep.ts')
  return measured(backendOf(engine, small), datasetOf(small), steps, measure)
}

/** The same on a backend without tensors: what the trainer and the hooks keep. */
export async function afterStepsWithoutTensors(steps: number, measure: Measure): Promise<number> {
  const { line, plainBackend } = await import('@hookstep/testing')
  return measured(plainBackend(), line(), steps, measure)
}

async function measured(backend: Backend, data: Data, steps: number, measure: Measure): Promise<number> {
  let result = Number.NaN
  const atLastStep: Hook = {
    name: 'measure',
    setup(run) {
      const take = async (): Promise<void> => {
        result = await measure()
      }
      run.subscribe(train.step.post, take, { when: atEnd })
    },
  }
  await watching(async (hooks) => {
    const trainer = new Trainer({ backend, data, steps, hooks: [...hooks, atLastStep] })
    await trainer.train()
    await trainer.close()
  })
  return result
}
