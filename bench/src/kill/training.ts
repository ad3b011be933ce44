import { join } from 'node:path'
import {
  adagrad,
  adam,
  adamW,
  cpu,
  lion,
  momentum,
  type Optimizer,
  rmsprop,
  sgd,
  type TaskFactory,
} from '@hookstep/backend-tfjs'
import { checkpoint as checkpointEvents, evaluate, every, type Hook, train } from '@hookstep/catalogue'
import { checkpoint } from '@hookstep/hook-checkpoint/node'
import { journal } from '@hookstep/hook-metrics/node'
import { arrays, type Backend, cosine, type Dataset, random, Trainer, warmup } from '@hookstep/trainer'
import type { BackendName, OptimizerName, Settings } from './settings.ts'

const optimizers = { sgd, momentum, rmsprop, adagrad, adam, adamW, lion } satisfies Record<
  OptimizerName,
  () => Optimizer
>

const features = 64
const classes = 10

/** What the process tells of itself while it trains: each is a line. */
export type Moment = 'ready' | 'step' | 'microbatch' | 'evaluation' | 'saving' | 'committed'

/** Trains from wherever the folder's newest checkpoint stands to the end. */
export async function trainToEnd(
  { backend, optimizer, folder }: Settings,
  tell: (moment: Moment) => void,
): Promise<void> {
  await using trainer = new Trainer({
    backend: await backendOf(backend, taskOf(optimizer)),
    data: augmented(digitsLike(150, 'training')),
    epochs: 4,
    batchSize: 8,
    accumulate: 3,
    learningRate: warmup(5, cosine({ from: 0.01, to: 0.001, steps: 25 })),
    maxGradientNorm: 1,
    seed: 7,
    log: every('2 steps', { last: true }),
    evaluate: { data: digitsLike(40, 'evaluation'), when: every('4 steps', { last: true }) },
    hooks: [
      journal(join(folder, 'journal.jsonl')),
      tally(),
      telling(tell),
      checkpoint({
        folder: join(folder, 'checkpoints'),
        when: every('3 steps', { last: true }),
        keep: { last: 2, best: { metric: 'loss', mode: 'min' } },
        signals: {},
      }),
    ],
  })
  await trainer.train()
}

async function backendOf(name: BackendName, task: TaskFactory): Promise<Backend> {
  if (name === 'cpu') return cpu(task)
  return (await import('@hookstep/backend-tfjs/wasm')).wasm(task)
}

/** Random inside: dropout draws in every pass; normalisation keeps statistics that no gradient reaches. */
function taskOf(optimizer: OptimizerName): TaskFactory {
  return ({ tf }) => ({
    model: tf.sequential({
      layers: [
        tf.layers.dense({ inputShape: [features], units: 96, activation: 'relu' }),
        tf.layers.batchNormalization(),
        tf.layers.dropout({ rate: 0.3 }),
        tf.layers.dense({ units: classes }),
      ],
    }),
    loss: 'sparseSoftmaxCrossEntropy',
    optimizer: optimizers[optimizer](),
    metrics: ['accuracy'],
  })
}

/** Ten noisy patterns, and which of them each sample is. */
function digitsLike(samples: number, name: string): Dataset {
  const inputs = new Float32Array(samples * features)
  const targets = new Int32Array(samples)
  const draw = random(1, name)
  for (let sample = 0; sample < samples; sample++) {
    const label = draw.below(classes)
    targets[sample] = label
    for (let at = 0; at < features; at++) {
      inputs[sample * features + at] = Math.sin((label + 1) * at) + draw.next() - 0.5
    }
  }
  return arrays({
    inputs: { data: inputs, shape: [samples, features] },
    targets: { data: targets, shape: [samples] },
  })
}

/** Samples are disturbed by chance each time they are seen. */
function augmented(data: Dataset): Dataset {
  return {
    length: data.length,
    batch: async (indices, stream) => {
      const { inputs, targets } = await data.batch(indices, stream)
      if (inputs === undefined || targets === undefined) throw new Error('the data has inputs and targets')
      const disturbed = Float32Array.from(inputs.data, (value) => value + 0.1 * (stream.next() - 0.5))
      return { inputs: { data: disturbed, shape: inputs.shape }, targets }
    },
  }
}

/** A hook with a state that grows with every event it hears, and that asks for saves within steps. */
function tally(): Hook {
  return {
    name: 'tally',
    setup(run) {
      let heard: Record<string, number> = {}
      run.persist({
        version: 1,
        save: () => heard,
        load: (state: Record<string, number>) => {
          heard = state
        },
      })
      const count = (id: string): void => {
        heard = { ...heard, [id]: (heard[id] ?? 0) + 1 }
      }
      for (const event of [
        train.step.pre,
        train.batch.post,
        train.microbatch.pre,
        train.microbatch.post,
        train.optimizer_step.post,
        train.log,
        evaluate.pre,
        evaluate.step.post,
        evaluate.post,
        train.step.post,
        train.epoch.post,
      ]) {
        run.subscribe<object>(event, () => count(event.id))
      }
      run.subscribe(train.microbatch.post, ({ step, microbatch }) => {
        if (step % 5 === 0 && microbatch === 1) run.save('within a step', { now: true })
      })
      run.subscribe(evaluate.step.post, ({ step, batch }) => {
        if (step % 8 === 0 && batch === 2) run.save('within an evaluation', { now: true })
      })
    },
  }
}

function telling(tell: (moment: Moment) => void): Hook {
  return {
    name: 'telling',
    setup(run) {
      run.subscribe(train.ready, () => tell('ready'))
      run.subscribe(train.step.pre, () => tell('step'))
      run.subscribe(train.microbatch.pre, () => tell('microbatch'))
      run.subscribe(evaluate.step.pre, () => tell('evaluation'))
      run.subscribe(checkpointEvents.pre, () => tell('saving'))
      run.subscribe(checkpointEvents.committed, () => tell('committed'))
    },
  }
}
