import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callbacks, TrainerCallback } from '@hookstep/callbacks'
import { kerasCallbacks } from '@hookstep/callbacks/tfjs'
import { every, type Hook } from '@hookstep/catalogue'
import { checkpoint, memoryStore } from '@hookstep/hook-checkpoint'
import { consoleLines, history, mlflow, openTelemetry, prometheus, throughput } from '@hookstep/hook-metrics'
import { csv, journal, metrics, progressBar, systemMetrics, tensorBoard } from '@hookstep/hook-metrics/node'
import { wandb } from '@hookstep/hook-wandb/node'
import {
  earlyStopping,
  learningRateFinder,
  nanGuard,
  reduceOnPlateau,
  statistics,
  timeLimit,
  weightAverage,
} from '@hookstep/hooks'
import { chromeTrace } from '@hookstep/trainer'
import type { Policy } from './outcomes.ts'

/** A callback that has every method, and a state. */
export class Everywhere extends TrainerCallback {
  override onTrainBegin(): void {}
  override onEpochBegin(): void {}
  override onStepBegin(): void {}
  override onBeforeForward(): void {}
  override onAfterBackward(): void {}
  override onPreOptimizerStep(): void {}
  override onOptimizerStep(): void {}
  override onLog(): void {}
  override onEvaluate(): void {}
  override onStepEnd(): void {}
  override onSave(): void {}
  override onEpochEnd(): void {}
  override onTrainEnd(): void {}
}

const folder = await mkdtemp(join(tmpdir(), 'hookstep-faults-'))
let files = 0

/** A file or a folder that is not there yet. */
const fresh = (): string => join(folder, String(++files))

/** A hook of ours. */
export interface Subject {
  readonly hook: () => Hook
  /** In the run as well. */
  readonly others?: () => readonly Hook[]
  /** What must act at its moment says this where it is told late, in the background. */
  readonly tooLate?: RegExp
  /** Default: all. */
  readonly policies?: readonly Policy[]
}

/** For what waits for files or requests, as `journal` does under every policy: each cell takes long. */
const few = ['none', 'isolated(background)'] as const satisfies readonly Policy[]

/** Every hook of ours but `dashboard`, which needs a server, each so that it is told of all that it can be and does not end the run. */
export const subjects: Readonly<Record<string, Subject>> = {
  progressBar: {
    hook: () => progressBar({ terminal: { isTTY: true, columns: 80, rows: 24, write: () => {} } }),
  },
  'progressBar in lines': { hook: () => progressBar({ terminal: { write: () => {} } }) },
  consoleLines: { hook: () => consoleLines() },
  history: { hook: () => history() },
  journal: { hook: () => journal(fresh()) },
  csv: { hook: () => csv(fresh()), policies: few },
  tensorBoard: { hook: () => tensorBoard(fresh()), policies: few },
  systemMetrics: { hook: () => systemMetrics({ when: every('1 steps') }) },
  throughput: { hook: () => throughput() },
  metrics: { hook: () => metrics({ console: { terminal: { write: () => {} } } }), policies: few },
  wandb: { hook: () => wandb({ mode: 'offline', dir: fresh(), console: false }), policies: few },
  mlflow: { hook: () => mlflow({ url: 'http://127.0.0.1:9' }), policies: few },
  prometheus: {
    hook: () => prometheus({ registry: { registerMetric: () => {}, getSingleMetric: () => undefined } }),
  },
  openTelemetry: { hook: () => openTelemetry({ meter: { createGauge: () => ({ record: () => {} }) } }) },
  // It is told of incidents, its own among them: where some come late, they are more than the table says.
  chromeTrace: { hook: () => chromeTrace(), policies: ['none', 'isolated'] },
  checkpoint: {
    hook: () => checkpoint({ store: memoryStore(), when: every('1 steps') }),
    tooLate: /^(capture|restore|agree)\(\) can be called while .* is delivered only$/,
  },
  callbacks: { hook: () => callbacks([new Everywhere()]) },
  'callbacks, inline': { hook: () => callbacks([new Everywhere()], { inline: true }) },
  kerasCallbacks: {
    hook: () =>
      kerasCallbacks([
        { onBatchBegin: () => {}, onBatchEnd: () => {}, onEpochEnd: () => {}, onTrainEnd: () => {} },
      ]),
  },
  earlyStopping: { hook: () => earlyStopping({ patience: 10 }) },
  'earlyStopping by logs': { hook: () => earlyStopping({ of: 'log', patience: 10 }) },
  reduceOnPlateau: {
    hook: () => reduceOnPlateau({ patience: 1 }),
    tooLate: /^adjust\(\) can be called while /,
  },
  nanGuard: { hook: () => nanGuard(), tooLate: /^(loss|gradientNorm)\(\) of step \d is known from / },
  timeLimit: { hook: () => timeLimit('2 hours') },
  weightAverage: { hook: () => weightAverage() },
  statistics: {
    hook: () => statistics({ when: every('1 steps'), report: () => {} }),
    tooLate: /^gradients\.read\(\) at .*: there are gradients at /,
  },
  learningRateFinder: {
    hook: () => learningRateFinder({ from: 0.01, to: 0.1, divergence: 1e9 }),
    tooLate: /^(adjust\(\) can be called while|loss\(\) of step \d is known from) /,
  },
}
