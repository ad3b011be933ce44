import {
  type CallbackMethod,
  type CallbacksOptions,
  callbacks,
  TrainerCallback,
  type TrainingContext,
} from '@hookstep/callbacks'
import { every, type Progress, train } from '@hookstep/catalogue'
import { line, plainBackend, recordTrace } from '@hookstep/testing'
import { type Batch, inMemoryGroup, random, Trainer } from '@hookstep/trainer'
import { expect, test } from 'vitest'
import { at, committing, small, trainWith } from './runs.ts'

const methods = [
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onStepBegin',
  'onStepEnd',
  'onBeforeForward',
  'onAfterBackward',
  'onPreOptimizerStep',
  'onOptimizerStep',
  'onLog',
  'onEvaluate',
  'onSave',
] as const satisfies readonly CallbackMethod[]

/** A callback with all thirteen methods. */
function everyMethod(call: (context: TrainingContext) => unknown): TrainerCallback {
  class EveryMethod extends TrainerCallback {}
  for (const method of methods) EveryMethod.prototype[method] = call
  return new EveryMethod()
}

test('calls the thirteen methods at their moments', async () => {
  const trace = recordTrace({ only: ['train', 'evaluate', 'checkpoint.committed'], indent: false })
  const lines = trace.lines as string[]
  const callback = everyMethod(({ hookName, step }) => lines.push(`    ${hookName} ${step}`))
  await trainWith([trace, callbacks([callback], { inline: true }), committing], { epochs: 1 })
  const told = lines.filter((line, i) => line.startsWith(' ') || lines[i + 1]?.startsWith(' '))
  expect(`\n${told.join('\n')}\n`).toMatchInlineSnapshot(`
    "
    train.ready 0
        onTrainBegin 0
    train.epoch.pre 1
        onEpochBegin 0
    train.step.pre 1
        onStepBegin 1
    train.microbatch.pre 1 microbatch 1
        onBeforeForward 1
    train.microbatch.post 1 microbatch 1
        onAfterBackward 1
    train.microbatch.pre 1 microbatch 2
        onBeforeForward 1
    train.microbatch.post 1 microbatch 2
        onAfterBackward 1
    train.optimizer_step.pre 1
        onPreOptimizerStep 1
    train.optimizer_step.post 1
        onOptimizerStep 1
    train.step.post 1
        onStepEnd 1
    checkpoint.committed 1
        onSave 1
    train.step.pre 2
        onStepBegin 2
    train.microbatch.pre 2 microbatch 1
        onBeforeForward 2
    train.microbatch.post 2 microbatch 1
        onAfterBackward 2
    train.optimizer_step.pre 2
        onPreOptimizerStep 2
    train.optimizer_step.post 2
        onOptimizerStep 2
    train.log 2 { loss, absolute_error, learning_rate }
        onLog 2
    evaluate.post 2 { loss, absolute_error }
        onEvaluate 2
    train.step.post 2
        onStepEnd 2
    checkpoint.committed 2
        onSave 2
    train.epoch.post 1
        onEpochEnd 2
    train.finished 2
        onTrainEnd 2
    "
  `)
})

test('calls them in the same order in the background', async () => {
  const calls = async (options: CallbacksOptions): Promise<string[]> => {
    const seen: string[] = []
    const callback = everyMethod(({ hookName, step }) => seen.push(`${hookName} ${step}`))
    await trainWith([callbacks([callback], options), committing])
    return seen
  }
  const [inline, background] = [await calls({ inline: true }), await calls({})]
  expect(inline).toHaveLength(42)
  expect(background).toEqual(inline)
})

test('tells numbers as far as they are known, and reads none from the device', async () => {
  const seen: TrainingContext[] = []
  const callback = everyMethod((context) => seen.push(context))
  const { hostSyncs } = await trainWith([callbacks([callback]), committing], {
    maxGradientNorm: 100,
    learningRate: (step) => step / 100,
  })
  const rows = seen.map((context) => {
    const { hookName, step, epoch, totalSamples, learningRate, batchMetrics, checkpointPath } = context
    const { totalSamples: samples, microbatch, microbatchSamples } = batchMetrics
    const numbers = [step, epoch, totalSamples, learningRate, samples, microbatch, microbatchSamples]
    return [hookName, ...numbers, checkpointPath].map((value) => value ?? '-').join(' ')
  })
  expect(hostSyncs).toBe(0)
  expect(`\n${rows.slice(0, 26).join('\n')}\n`).toMatchInlineSnapshot(`
    "
    onTrainBegin 0 0 0 - - - - -
    onEpochBegin 0 1 0 - - - - -
    onStepBegin 1 1 8 0.01 8 - - -
    onBeforeForward 1 1 8 0.01 8 1 4 -
    onAfterBackward 1 1 8 0.01 8 1 4 -
    onBeforeForward 1 1 8 0.01 8 2 4 -
    onAfterBackward 1 1 8 0.01 8 2 4 -
    onPreOptimizerStep 1 1 8 0.01 8 - - -
    onOptimizerStep 1 1 8 0.01 8 - - -
    onStepEnd 1 1 8 0.01 8 - - -
    onSave 1 1 8 - - - - checkpoints/1
    onStepBegin 2 1 12 0.02 4 - - checkpoints/1
    onBeforeForward 2 1 12 0.02 4 1 4 checkpoints/1
    onAfterBackward 2 1 12 0.02 4 1 4 checkpoints/1
    onPreOptimizerStep 2 1 12 0.02 4 - - checkpoints/1
    onOptimizerStep 2 1 12 0.02 4 - - checkpoints/1
    onLog 2 1 12 0.02 - - - checkpoints/1
    onEvaluate 2 1 12 0.02 - - - checkpoints/1
    onStepEnd 2 1 12 0.02 4 - - checkpoints/1
    onSave 2 1 12 0.02 - - - checkpoints/2
    onEpochEnd 2 1 12 0.02 - - - checkpoints/2
    onEpochBegin 2 2 12 0.02 - - - checkpoints/2
    onStepBegin 3 2 20 0.03 8 - - checkpoints/2
    onBeforeForward 3 2 20 0.03 8 1 4 checkpoints/2
    onAfterBackward 3 2 20 0.03 8 1 4 checkpoints/2
    onBeforeForward 3 2 20 0.03 8 2 4 checkpoints/2
    "
  `)
})

test('tells the numbers of the log and of the evaluation', async () => {
  const seen = new Map<CallbackMethod, TrainingContext>()
  const callback = everyMethod((context) => seen.set(context.hookName, context))
  const { lastLog, lastEvaluation } = await trainWith([callbacks([callback])], { maxGradientNorm: 100 })
  const { logs, loss, gradNorm, learningRate, throughput, valMetrics, loggedStep } = seen.get(
    'onTrainEnd',
  ) as TrainingContext
  expect([logs, valMetrics]).toEqual([lastLog, lastEvaluation])
  expect([loss, gradNorm, learningRate]).toEqual([lastLog?.loss, lastLog?.gradient_norm, 0.05])
  expect(loggedStep).toBe(4)
  expect(throughput).toBeGreaterThan(0)
})

test('tells throughput between the two last logs', async () => {
  const seen: (number | undefined)[] = []
  let expected: number | undefined
  let before: Progress | undefined
  const measuring = at(train.log, ({ progress }) => {
    const seconds = progress.seconds - (before?.seconds ?? progress.seconds)
    expected = seconds > 0 ? (progress.samples - (before?.samples ?? 0)) / seconds : undefined
    before = progress
  })
  class Paces extends TrainerCallback {
    override onLog({ throughput }: TrainingContext): void {
      seen.push(throughput)
    }
  }
  await trainWith([measuring, callbacks([Paces])])
  expect(seen).toEqual([undefined, expected])
})

test('gives contexts that nobody can change, and that can be sent elsewhere', async () => {
  const seen: TrainingContext[] = []
  const callback = everyMethod((context) => seen.push(context))
  await trainWith([callbacks([callback]), committing])
  for (const context of seen) {
    expect(Object.isFrozen(context) && Object.isFrozen(context.batchMetrics)).toBe(true)
    expect(structuredClone(context)).toEqual(context)
  }
})

test('knows the samples of a step of a stream once they are here', async () => {
  const { batch } = line({ samples: 5 })
  const rows = [Uint32Array.of(0, 1), Uint32Array.of(2, 3), Uint32Array.of(4)]
  const data = (): Batch[] => rows.map((row) => batch(row, random(0)) as Batch)
  const seen: string[] = []
  class Sizes extends TrainerCallback {
    override onStepBegin({ step, batchMetrics: { totalSamples } }: TrainingContext): void {
      seen.push(`begin ${step} ${totalSamples}`)
    }
    override onStepEnd({ step, batchMetrics: { totalSamples } }: TrainingContext): void {
      seen.push(`end ${step} ${totalSamples}`)
    }
  }
  await using trainer = new Trainer({ backend: plainBackend(), data, steps: 3, hooks: [callbacks([Sizes])] })
  await trainer.train()
  expect(seen).toEqual([
    'begin 1 undefined',
    'end 1 2',
    'begin 2 undefined',
    'end 2 2',
    'begin 3 undefined',
    'end 3 1',
  ])
})

test('late numbers come with the step that they belong to', async () => {
  const seen: string[] = []
  class Late extends TrainerCallback {
    override onLog({ step, totalSamples, loggedStep }: TrainingContext): void {
      seen.push(`log of step ${step}, ${totalSamples} samples, step ${loggedStep}`)
    }
    override onStepEnd({ step, loggedStep }: TrainingContext): void {
      seen.push(`end of step ${step}, step ${loggedStep} is known`)
    }
  }
  const { evaluate: _, ...unevaluated } = small
  await using trainer = new Trainer({
    ...unevaluated,
    backend: plainBackend({ readbackLag: 1 }),
    log: every('1 step'),
    epochs: 1,
    hooks: [callbacks([Late])],
  })
  await trainer.train()
  expect(seen).toEqual([
    'end of step 1, step undefined is known',
    'log of step 1, 8 samples, step 1',
    'end of step 2, step 1 is known',
    'log of step 2, 12 samples, step 2',
  ])
})

test('is told of an evaluation outside of a run', async () => {
  const seen: string[] = []
  const callback = everyMethod(({ hookName, step, valMetrics }) =>
    seen.push(`${hookName} ${step} ${Object.keys(valMetrics)}`),
  )
  await using trainer = new Trainer({ ...small, hooks: [] })
  await trainer.train()
  await trainer.evaluate(line({ samples: 4 }), { hooks: [callbacks([callback])] })
  expect(seen).toEqual(['onEvaluate 4 loss,absolute_error'])
})

test('is told on every rank which one it is', async () => {
  const seen: string[] = []
  class Ranks extends TrainerCallback {
    override onTrainBegin({ rank, worldSize, localRank, isWorldProcessZero }: TrainingContext): void {
      seen.push(`${rank} of ${worldSize}, local ${localRank}, main ${isWorldProcessZero}`)
    }
  }
  await Promise.all(
    inMemoryGroup(2).map((distributed) =>
      trainWith([callbacks([new Ranks()])], { distributed, batchSize: 2 }),
    ),
  )
  expect(seen.sort()).toEqual(['0 of 2, local 0, main true', '1 of 2, local 1, main false'])
})
