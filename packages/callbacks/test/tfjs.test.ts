import { adam, cpu, functionTask, sgd, type TaskFactory } from '@hookstep/backend-tfjs'
import { kerasCallbacks } from '@hookstep/callbacks/tfjs'
import { type Hook, train } from '@hookstep/catalogue'
import { line } from '@hookstep/testing'
import { type RunSummary, Trainer } from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import { expect, test } from 'vitest'

const task: TaskFactory = ({ tf }) => ({
  model: tf.sequential({ name: 'a-line', layers: [tf.layers.dense({ inputShape: [1], units: 1 })] }),
  loss: 'meanSquaredError',
  optimizer: adam(),
  metrics: ['meanAbsoluteError'],
})

const functions: TaskFactory = ({ tf }) =>
  functionTask({
    parameters: { slope: tf.zeros([1, 1]), offset: tf.zeros([1]) },
    forward: ({ slope, offset }, { inputs }) => tf.add(tf.matMul(inputs, slope), offset),
    loss: 'meanSquaredError',
    optimizer: sgd(),
  })

interface Options {
  readonly task?: TaskFactory
  readonly learningRate?: number
  readonly others?: readonly Hook[]
}

async function trainWith(
  callbacks: Parameters<typeof kerasCallbacks>[0],
  { task: how = task, learningRate = 0.1, others = [] }: Options = {},
): Promise<RunSummary> {
  await using trainer = new Trainer({
    backend: cpu(how),
    data: line({ samples: 16 }),
    evaluate: { data: line({ samples: 8, seed: 1 }) },
    batchSize: 8,
    epochs: 10,
    learningRate,
    hooks: [kerasCallbacks(callbacks), ...others],
  })
  return await trainer.train()
}

test('early stopping of TensorFlow.js stops a run that does not get better', async () => {
  // Nothing is learned at this rate: val_loss is the same after every epoch.
  const { outcome, epochs, reason } = await trainWith([tf.callbacks.earlyStopping({ patience: 2 })], {
    learningRate: 1e-30,
  })
  expect([outcome, epochs, reason]).toEqual(['stopped', 3, 'EarlyStopping set model.stopTraining'])
})

test('it lets a run go on that gets better', async () => {
  const { outcome, epochs } = await trainWith([
    tf.callbacks.earlyStopping({ monitor: 'val_loss', patience: 2 }),
  ])
  expect([outcome, epochs]).toEqual(['finished', 10])
})

test('it stops a task of functions, which has no LayersModel', async () => {
  const { outcome, epochs } = await trainWith([tf.callbacks.earlyStopping({ patience: 1 })], {
    task: functions,
    learningRate: 1e-30,
  })
  expect([outcome, epochs]).toEqual(['stopped', 2])
})

/** As in programs that call `fit`: it looks at the live model. */
class Weights extends tf.Callback {
  readonly seen: string[] = []
  private get own(): tf.LayersModel {
    return (this as unknown as { model: tf.LayersModel }).model
  }
  override async onEpochEnd(epoch: number, logs?: tf.Logs): Promise<void> {
    const [kernel] = this.own.getWeights()
    this.seen.push(`${this.own.name} ${epoch} ${kernel?.shape} ${Object.keys(logs ?? {})}`)
  }
}

test('subclasses of tf.Callback, tf.CustomCallback and objects go together', async () => {
  const weights = new Weights()
  const losses: (number | undefined)[] = []
  const custom = new tf.CustomCallback({ onBatchEnd: (_, logs) => void losses.push(logs?.loss) })
  const object: tf.CustomCallbackArgs = {
    onEpochEnd: (epoch) => {
      if (epoch === 1) (weights as unknown as { model: tf.LayersModel }).model.stopTraining = true
    },
  }
  const { reason, epochs } = await trainWith([weights, custom, object])
  expect([reason, epochs]).toEqual(['a callback set model.stopTraining', 2])
  expect(weights.seen).toEqual([
    'a-line 0 1,1 loss,meanAbsoluteError,val_loss,val_meanAbsoluteError',
    'a-line 1 1,1 loss,meanAbsoluteError,val_loss,val_meanAbsoluteError',
  ])
  expect(losses).toHaveLength(4)
  expect(losses.every((loss) => Number.isFinite(loss))).toBe(true)
})

test('others may set stopTraining as well, such as a button on a page', async () => {
  let model: tf.LayersModel | undefined
  const pressing: Hook = {
    name: 'pressing',
    setup(run) {
      run.subscribe(train.configuration.model_stages, (context) => {
        model = context.model as tf.LayersModel
      })
      run.subscribe(train.forward_backward.pre, ({ step }) => {
        if (step === 3 && model !== undefined) model.stopTraining = true
      })
    },
  }
  const { steps, reason } = await trainWith([tf.callbacks.earlyStopping()], { others: [pressing] })
  expect([steps, reason]).toEqual([3, 'model.stopTraining was set'])
})

test('the model has its own stopTraining back when the run is over', async () => {
  const models: tf.LayersModel[] = []
  const keeping: TaskFactory = (context) => {
    const made = task(context) as { model: tf.LayersModel }
    models.push(made.model)
    return made as never
  }
  await trainWith([tf.callbacks.earlyStopping()], { task: keeping })
  expect(Object.hasOwn(models[0] as object, 'stopTraining')).toBe(false)
})

test('a callback of TensorFlow.js that looks at epochs only does not make the run wait for the device', async () => {
  const { hostSyncs } = await trainWith([tf.callbacks.earlyStopping(), new Weights()])
  expect(hostSyncs).toBe(0)
})
