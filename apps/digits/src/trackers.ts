import { basename, join } from 'node:path'
import { every, type Hook } from '@hookstep/catalogue'
import { throughput } from '@hookstep/hook-metrics'
import {
  type Dashboard,
  dashboard,
  type Journal,
  systemMetrics,
  tensorBoard,
} from '@hookstep/hook-metrics/node'
import { wandb } from '@hookstep/hook-wandb/node'
import { statistics } from '@hookstep/hooks'
import type { Settings } from './settings.ts'

/** Where people look at a run besides the terminal. */
export interface Trackers {
  readonly hooks: readonly Hook[]
  /** The live page, where it is asked for. */
  readonly page: Dashboard | undefined
}

/** What the flags ask for; with any of it, what there is to measure besides the training's own numbers. */
export function trackersOf({ out, trackers }: Settings, journal: Journal): Trackers {
  const page = trackers.dashboard ? dashboard({ journal, keepOpen: true }) : undefined
  const chosen: Hook[] = [
    ...(page === undefined ? [] : [page]),
    ...(trackers.tensorBoard ? [tensorBoard(join(out, 'tensorboard'))] : []),
    ...(trackers.wandb === undefined ? [] : [wandbIn(out, trackers.wandb)]),
  ]
  const measuring =
    chosen.length === 0 ? [] : [systemMetrics(), throughput(), statistics({ when: every('1 epoch') })]
  return { hooks: [...chosen, ...measuring], page }
}

/** In the run's folder, named like it, where the environment names no other. */
function wandbIn(out: string, mode: 'online' | 'offline'): Hook {
  const { WANDB_PROJECT, WANDB_NAME } = process.env
  return wandb({
    mode,
    project: WANDB_PROJECT || 'hookstep-digits',
    name: WANDB_NAME || basename(out),
    dir: out,
  })
}
