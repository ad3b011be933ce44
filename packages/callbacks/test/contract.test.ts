import { callbacks, TrainerCallback, type TrainingContext } from '@hookstep/callbacks'
import { kerasCallbacks } from '@hookstep/callbacks/tfjs'
import { hookContract } from '@hookstep/testing'
import { beforeEach, describe, test, vi } from 'vitest'

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

class Counting extends TrainerCallback {
  private steps = 0
  override onStepEnd(_: TrainingContext): void {
    this.steps++
  }
  override async onTrainEnd(): Promise<void> {
    await Promise.resolve()
  }
  override saveState(): number {
    return this.steps
  }
  override loadState(steps: number): void {
    this.steps = steps
  }
}

class Watching extends TrainerCallback {
  override onBeforeForward(): void {}
  override onLog(): void {}
  override onEpochBegin(): void {}
}

const subjects = {
  callbacks: { hook: () => callbacks([new Counting(), new Watching()]) },
  'callbacks inline': { hook: () => callbacks([new Counting(), new Watching()], { inline: true }) },
  'callbacks of Keras': { hook: () => kerasCallbacks([{ onEpochEnd: () => {} }]) },
  // As with fit, it reads the loss of each batch, where that was not logged.
  'callbacks of Keras that look at batches': {
    hook: () => kerasCallbacks([{ onBatchEnd: async () => {} }]),
    hostSyncsPerStep: 1,
  },
}

describe.each(Object.entries(subjects))('%s', (_, subject) => {
  for (const { name, run } of hookContract(subject)) test(name, run)
})
