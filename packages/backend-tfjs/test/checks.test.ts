import { adam, type ModelTask, sgd, type Task, type TaskFactory } from '@hookstep/backend-tfjs'
import type { Batch, NdArray, Session, SessionState } from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import { afterEach, expect, test } from 'vitest'
import { labelled, open } from './sessions.ts'

const dense: TaskFactory = ({ tf }) => ({
  model: tf.sequential({ layers: [tf.layers.dense({ inputShape: [4], units: 3, name: 'only' })] }),
  loss: 'sparseSoftmaxCrossEntropy',
  optimizer: adam(),
})

const linear: TaskFactory = ({ tf }) => ({
  parameters: { w: tf.ones([4, 3]), unused: tf.zeros([2]) },
  forward: ({ w }, { inputs }) => tf.matMul(inputs, w as tf.Tensor),
  loss: 'meanSquaredError',
  optimizer: sgd(),
})

const opened: Session[] = []
afterEach(async () => {
  for (const session of opened.splice(0)) await session.close()
})

/** What is said about a task, or about what is done with it. */
async function complaint(task: TaskFactory, use: (session: Session) => unknown = () => {}): Promise<string> {
  try {
    const session = await open('cpu', task)
    opened.push(session)
    await use(session)
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing'
}

const with_ =
  (changes: object): TaskFactory =>
  (context) =>
    ({ ...dense(context), ...changes }) as Task

test('a task that cannot be trained is refused when it is opened', async () => {
  const softmax = (): ModelTask['model'] =>
    tf.sequential({ layers: [tf.layers.dense({ inputShape: [4], units: 3, activation: 'softmax' })] })
  const input = tf.input({ shape: [4], name: 'in' })
  const branch = (name: string) => tf.layers.dense({ units: 1, name }).apply(input) as tf.SymbolicTensor
  const two = (): ModelTask['model'] =>
    tf.model({ inputs: input, outputs: [branch('left'), branch('right')] })
  const complaints = [
    await complaint((() => undefined) as never),
    await complaint(with_({ optimizer: tf.train.sgd(0.1) })),
    await complaint(with_({ loss: 'crossEntropy' })),
    await complaint(with_({ metrics: ['f1'] })),
    await complaint(with_({ metrics: { loss: 'accuracy' } })),
    await complaint(with_({ model: tf.sequential() })),
    await complaint(with_({ model: softmax() })),
    await complaint(with_({ model: two() })),
    await complaint(() => ({ ...(linear({ tf, seed: 0 }) as Task), parameters: {} })),
    await complaint(() => ({
      ...(linear({ tf, seed: 0 }) as Task),
      parameters: { w: tf.ones([2], 'int32') },
    })),
  ]
  expect(complaints).toEqual([
    'The function that makes the task must return an object with a model (a tf.LayersModel), or with parameters and a forward function',
    "The task's optimizer must be made by adam(), sgd() and the like of @hookstep/backend-tfjs: those of TensorFlow.js cannot be saved exactly",
    "loss: 'crossEntropy' does not exist: use one of softmaxCrossEntropy, sparseSoftmaxCrossEntropy, binaryCrossEntropy, meanSquaredError, or a function",
    "metrics: 'f1' does not exist: use accuracy, meanAbsoluteError, meanSquaredError, or a function",
    "metrics: 'loss' is the name of the loss; choose another",
    'The model has no weights: there is nothing to learn',
    'The model ends in a softmax, but sparseSoftmaxCrossEntropy takes logits: leave the activation of its last layer out',
    'The model has 2 outputs (left, right); a task with a model takes one. For several, give the task parameters and a forward function',
    'The task has no parameters: there is nothing to learn',
    "The parameter 'w' is of type int32: only float32 can be learned",
  ])
})

test('a task that is refused leaves no tensor behind', async () => {
  const before = tf.memory().numTensors
  const wrong = { loss: 'crossEntropy' as never }
  await complaint((context) => ({ ...(dense(context) as Task), ...wrong }))
  await complaint((context) => ({ ...(linear(context) as Task), ...wrong }))
  expect(tf.memory().numTensors).toBe(before)
})

test('a batch that does not fit is refused, by the name of its array', async () => {
  const good = labelled(6, 4, 3)
  const on = (batch: object): Promise<string> =>
    complaint(dense, (session) => session.forwardBackward({ ...good, ...batch } as Batch, 1, false))
  const labels = (...values: number[]): { targets: NdArray } => ({
    targets: { data: Float32Array.from(values), shape: [values.length] },
  })
  const complaints = [
    await on({ inputs: { data: new Float32Array(6 * 5), shape: [6, 5] } }),
    await on({ inputs: { data: new Float32Array(24), shape: [6, 2, 2] } }),
    await on({ inputs: { data: new Float32Array(23), shape: [6, 4] } }),
    await on({ inputs: undefined }),
    await on({ targets: undefined }),
    await on(labels(0, 1, 2, 0, 1)),
    await on({ targets: { data: new Float32Array(6), shape: [6, 1] } }),
    await on(labels(0, 1, 2, 3, 0, 1)),
    await on(labels(0, 1, 2, -1, 0, 1)),
    await on(labels(0, 1, 2, 0.5, 0, 1)),
  ]
  expect(complaints).toEqual([
    'batch.inputs has shape [6, 5]; the model takes [batch, 4]',
    'batch.inputs has shape [6, 2, 2]; the model takes [batch, 4]',
    'batch.inputs holds 23 numbers; its shape [6, 4] needs 24',
    'batch.inputs is missing: the batch has targets',
    'batch.targets is missing: the batch has inputs',
    'batch.targets has 5 samples, batch.inputs has 6: the first dimension must be the same',
    'batch.targets has shape [6, 1]; for outputs of shape [6, 3] sparseSoftmaxCrossEntropy takes [6]',
    'batch.targets holds 3: with 3 classes it must be a whole number from 0 to 2',
    'batch.targets holds -1: with 3 classes it must be a whole number from 0 to 2',
    'batch.targets holds 0.5: with 3 classes it must be a whole number from 0 to 2',
  ])
})

test('what a task computes wrongly is explained', async () => {
  const batch: Batch = {
    inputs: { data: new Float32Array(8), shape: [2, 4] },
    targets: { data: new Float32Array(6), shape: [2, 3] },
  }
  const on = (changes: object): Promise<string> =>
    complaint(
      (context) => ({ ...(linear(context) as Task), ...changes }) as Task,
      (session) => session.forwardBackward(batch, 1, true),
    )
  const complaints = [
    await on({}),
    await on({ loss: (_: tf.Tensor, outputs: tf.Tensor) => outputs }),
    await on({ loss: () => 3 }),
    await on({ loss: 'meanSquaredError', forward: () => Promise.resolve() }),
    await on({ forward: (_: object, batch: Record<string, tf.Tensor>) => batch.images }),
    await on({ forward: ({ w }: { w: tf.Tensor }) => tf.matMul(w, w) }),
  ]
  expect(complaints).toEqual([
    "The parameter 'unused' has no gradient: the loss does not depend on it. Use it in the forward pass, or take it out of what is trained (of a layer: trainable: false)",
    'loss returned a float32 tensor of shape [2, 3]; it must return a float32 scalar: the mean over the samples',
    'loss returned 3; it must return a float32 scalar: the mean over the samples',
    'forward() returned a promise; it must return a tensor',
    'forward() failed on a batch of inputs [2, 4], targets [2, 3]: The task reads batch.images, which is missing: the batch has inputs, targets',
    expect.stringMatching(
      /^forward\(\) failed on a batch of inputs \[2, 4\], targets \[2, 3\]: Error in matMul: inner shapes/,
    ),
  ])
})

test('a state of another task is refused, and nothing of it is loaded', async () => {
  const session = await open('cpu', dense)
  opened.push(session)
  const state = session.save() as SessionState
  const { 'only/bias': bias, ...others } = state.parameters as Record<string, NdArray>
  const complaints = [
    { ...state, parameters: others },
    { ...state, parameters: { ...state.parameters, stranger: bias } },
    { ...state, parameters: { ...others, 'only/bias': { data: new Float32Array(4), shape: [4] } } },
    { ...state, slots: {} },
    { ...state, counters: { seed: 1, passes: 0 } },
    { ...state, counters: { seed: 1, passes: 0, optimizer: { meanWeight: 0 } } },
    { ...state, counters: null },
  ].map((wrong) => {
    try {
      session.load(wrong as SessionState)
      return 'nothing'
    } catch (error) {
      return (error as Error).message
    }
  })
  expect(complaints).toEqual([
    "The state lacks the parameter 'only/bias'",
    "The state has the parameter 'stranger', which the task does not have",
    "The state's parameter 'only/bias' is float32 [4]; the task's is float32 [3]",
    "The state lacks the slot 'only/kernel/mean', 'only/kernel/square', 'only/bias/mean', 'only/bias/square'",
    `The state's counters are {"seed":1,"passes":0}; seed, passes and optimizer are needed`,
    "The state's counters of the optimizer are meanWeight; the task's are meanWeight, squareWeight",
    "The state's counters are null; seed, passes and optimizer are needed",
  ])
  expect(session.save()).toEqual(state)
})

test('what comes too early is an error', async () => {
  const early = (use: (session: Session) => unknown): Promise<string> => complaint(dense, use)
  expect([
    await early((session) => session.optimizerStep(0.1)),
    await early((session) => session.loss()),
    await early((session) => session.writeGradients(new Float32Array(3))),
  ]).toEqual([
    'There are no gradients: forwardBackward() or writeGradients() comes first',
    'There is no loss yet: forwardBackward() comes first',
    'There are 15 gradients, but 3 were given',
  ])
})
