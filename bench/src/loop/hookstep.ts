import { adam, cpu, type TaskFactory } from '@hookstep/backend-tfjs'
import { wasm } from '@hookstep/backend-tfjs/wasm'
import { every, type Hook, never, type Trigger, train } from '@hookstep/catalogue'
import { type Backend, singleProcess, Trainer } from '@hookstep/trainer'
import type * as Tf from '@tensorflow/tfjs'
import { type EngineName, openEngine } from './engine.ts'
import { Stopwatch } from './stopwatch.ts'
import { datasetOf, type Workload } from './workload.ts'

/** Microseconds per step of the trainer, where a hook is told of the loss now and then. */
export function timeTrainer(engine: EngineName, workload: Workload): Promise<number> {
  return timed(engine, workload, every(`${workload.readEvery} steps`), readsLog())
}

/** The same where a hook reads the loss of every step, as `model.fit` hands it to a callback per batch. */
export function timeReading(engine: EngineName, workload: Workload): Promise<number> {
  return timed(engine, workload, never, readsEveryLoss())
}

function readsLog(): Hook {
  return {
    name: 'reads-log',
    setup(run) {
      run.subscribe(train.log, ({ values }) => values.loss)
    },
  }
}

function readsEveryLoss(): Hook {
  return {
    name: 'reads-every-loss',
    setup(run) {
      run.subscribe(train.step.post, (context) => context.loss())
    },
  }
}

async function timed(engine: EngineName, workload: Workload, log: Trigger, hook: Hook): Promise<number> {
  const stopwatch = new Stopwatch(workload)
  const trainer = new Trainer({
    backend: backendOf(engine, workload),
    data: datasetOf(workload),
    steps: stopwatch.totalSteps,
    batchSize: workload.batchSize,
    learningRate: workload.learningRate,
    log,
    hooks: [hook, watchedBy(stopwatch)],
  })
  await trainer.train()
  await trainer.close()
  return stopwatch.microsecondsPerStep
}

function watchedBy(stopwatch: Stopwatch): Hook {
  return {
    name: 'stopwatch',
    setup(run) {
      run.subscribe(train.step.post, ({ step }) => stopwatch.endOfStep(step))
    },
  }
}

/** TensorFlow.js with the kernels that Hookstep has added to its engine. */
export async function openCompleted(engine: EngineName, workload: Workload): Promise<typeof Tf> {
  const session = await backendOf(engine, workload).open({ seed: 0, distributed: singleProcess })
  await session.close()
  return openEngine(engine)
}

/** An engine with the workload's network to train. */
export function backendOf(engine: EngineName, { inputs, hidden, classes }: Workload): Backend {
  const task: TaskFactory = ({ tf }) => ({
    model: tf.sequential({
      layers: [
        tf.layers.dense({ inputShape: [inputs], units: hidden, activation: 'relu' }),
        tf.layers.dense({ units: classes }),
      ],
    }),
    loss: 'sparseSoftmaxCrossEntropy',
    optimizer: adam(),
  })
  return { cpu, wasm }[engine](task)
}
