/** What a save costs the steps of a training on wasm, and what a bare copy of as many tensors does. */
import { every, type Hook, train } from '@hookstep/catalogue'
import { checkpoint } from '@hookstep/hook-checkpoint/node'
import { Trainer } from '@hookstep/trainer'
import type * as Tf from '@tensorflow/tfjs'
import { flags } from '../frame/flags.ts'
import { openEngine } from '../loop/engine.ts'
import { backendOf } from '../loop/hookstep.ts'
import { datasetOf, type Workload } from '../loop/workload.ts'
import { inFolder } from './disk.ts'

const [inputs, hidden, classes] = flags.quick ? [50, 50, 10] : [2000, 3000, 10]
const saves = flags.quick ? 2 : 6
/** Enough for a save to be over before the next, which would wait for it. */
const stepsBetween = flags.quick ? 5 : 30
const stepsBeside = 3

/** 6 million parameters and twice as many slots, of 72 MB together. */
const workload: Workload = {
  inputs,
  hidden,
  classes,
  samples: 64,
  batchSize: 8,
  learningRate: 1e-4,
  warmUpSteps: 0,
  timedSteps: stepsBetween * (saves + 1),
  readEvery: 1000,
}

/** Milliseconds from the end of a step to the next, where a checkpoint is taken in between. */
export async function timeWait(): Promise<number> {
  const clock = await trained(true)
  return median(clock.waits)
}

/** Milliseconds of the three steps after a save, together: the disk is at work beside them. */
export async function timeStepsBeside(): Promise<number> {
  return median((await trained(true)).stepsBeside)
}

/** The same of as many steps in a run that saves nothing. */
export async function timeStepsAlone(): Promise<number> {
  return median((await trained(false)).stepsBeside)
}

/** Milliseconds in which the engine gives out copies of as many tensors of the same shapes, all asked for at once. */
export function timeData(): Promise<number> {
  return timeCopy((tensors) => Promise.all(tensors.map((tensor) => tensor.data())))
}

/** The same, one after another. */
export function timeDataSync(): Promise<number> {
  return timeCopy((tensors) => tensors.map((tensor) => tensor.dataSync()))
}

async function timeCopy(copy: (tensors: readonly Tf.Tensor[]) => unknown): Promise<number> {
  const tf = await openEngine('wasm')
  const tensors = ['parameters', 'first moments', 'second moments'].flatMap(() =>
    [[inputs, hidden], [hidden], [hidden, classes], [classes]].map((shape) => tf.randomNormal(shape)),
  )
  for (const tensor of tensors) tensor.dataSync()
  const times: number[] = []
  for (let repeat = 0; repeat < saves; repeat++) {
    const start = performance.now()
    await copy(tensors)
    times.push(performance.now() - start)
  }
  return median(times)
}

/** What was measured in a run, save by save. The first is left out: a thread begins with it. */
interface Clock {
  readonly waits: number[]
  readonly stepsBeside: number[]
}

async function trained(saving: boolean): Promise<Clock> {
  const clock: Clock = { waits: [], stepsBeside: [] }
  await inFolder(async (folder) => {
    const when = every(`${stepsBetween} steps`)
    const saves = saving ? [checkpoint({ folder, when, keep: { last: 1 }, signals: {} })] : []
    await using trainer = new Trainer({
      backend: backendOf('wasm', workload),
      data: datasetOf(workload),
      steps: workload.timedSteps,
      batchSize: workload.batchSize,
      learningRate: workload.learningRate,
      hooks: [...saves, watching(clock)],
    })
    await trainer.train()
  })
  return clock
}

function watching(clock: Clock): Hook {
  return {
    name: 'watching',
    setup(run) {
      let endOfStep = 0
      let endOfWait = 0
      run.subscribe(train.step.pre, ({ step }) => {
        if (step % stepsBetween !== 1 || step <= 2 * stepsBetween) return
        endOfWait = performance.now()
        clock.waits.push(endOfWait - endOfStep)
      })
      run.subscribe(train.step.post, ({ step }) => {
        endOfStep = performance.now()
        if (step % stepsBetween !== stepsBeside || step <= 2 * stepsBetween) return
        clock.stepsBeside.push(endOfStep - endOfWait)
      })
    },
  }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[sorted.length >> 1] as number
}
