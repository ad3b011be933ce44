import { Worker } from 'node:worker_threads'

/**
 * Callbacks after the design of InstructLab's: an event loop on another thread, and for each event and callback a copy of a
 * plain context that is sent there. Nothing is waited for, and nothing is held back.
 */
export class OtherThread {
  private readonly worker: Worker
  private readonly callbacks: readonly number[]
  private readonly context = {
    step: 0,
    epoch: 0,
    totalSamples: 0,
    loss: 0.5,
    learningRate: 0.001,
    gradientNorm: 1,
    elapsedSeconds: 0,
    samplesPerSecond: 1000,
    batchMetrics: { samples: 32, microbatches: 2 },
    evaluationMetrics: { loss: 0.5, accuracy: 0.9 },
    maxEpochs: 10,
    worldSize: 1,
    isLocalProcessZero: true,
    isWorldProcessZero: true,
  }

  constructor(count: number) {
    this.callbacks = Array.from({ length: count }, (_, number) => number)
    this.worker = new Worker(otherSide, { eval: true, workerData: count })
    this.worker.unref()
  }

  fire(hookName: string, event: object): void {
    const { context } = this
    context.step = (event as { readonly step: number }).step
    const snapshot = {
      ...context,
      hookName,
      batchMetrics: { ...context.batchMetrics },
      evaluationMetrics: { ...context.evaluationMetrics },
    }
    for (const callback of this.callbacks) {
      this.worker.postMessage({ callback, context: { ...snapshot } })
    }
  }

  /** What is still queued is given up. That it takes a moment is not held against it. */
  close(): void {
    void this.worker.terminate()
  }
}

const otherSide = `
  const { parentPort, workerData } = require('node:worker_threads')
  const steps = Array(workerData).fill(0)
  parentPort.on('message', ({ callback, context }) => {
    steps[callback] += context.step
  })
`
