import { cpu, type TaskFactory } from '@hookstep/backend-tfjs'
import { wasm } from '@hookstep/backend-tfjs/wasm'
import type { Backend, Batch, Session } from '@hookstep/trainer'

/** The engines that every test of this package runs on. */
export const engines: Record<'cpu' | 'wasm', (task: TaskFactory) => Backend> = { cpu, wasm }

export type EngineName = keyof typeof engines

export const engineNames: readonly EngineName[] = ['cpu', 'wasm']

export interface OpenOptions {
  readonly seed?: number
  readonly rank?: number
}

export async function open(
  engine: EngineName,
  task: TaskFactory,
  { seed = 1, rank = 0 }: OpenOptions = {},
): Promise<Session> {
  const distributed = { rank, worldSize: 2, localRank: rank, isMain: rank === 0, isLocalMain: rank === 0 }
  return engines[engine](task).open({ seed, distributed })
}

/** Opens a session, uses it and closes it. */
export async function withSession<Result>(
  engine: EngineName,
  task: TaskFactory,
  use: (session: Session) => Result | Promise<Result>,
  options: OpenOptions = {},
): Promise<Result> {
  const session = await open(engine, task, options)
  try {
    return await use(session)
  } finally {
    await session.close()
  }
}

/** One step; returns its loss. */
export function step(session: Session, batch: Batch, learningRate: number = 0.05): number {
  session.forwardBackward(batch, 1, false)
  const loss = session.loss()
  const value = loss.read() as number
  loss.dispose()
  session.optimizerStep(learningRate)
  session.zeroGradients()
  return value
}

/** Numbers that look random and are the same everywhere. */
export function noise(length: number, seed: number = 1): Float32Array {
  let state = seed * 7919
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state / 2 ** 32 - 0.5) * 2
  })
}

/** A batch of `size` samples: `width` inputs each, and one of `classes` labels. */
export function labelled(size: number, width: number, classes: number, seed: number = 1): Batch {
  const inputs = noise(size * width, seed)
  const labels = Int32Array.from({ length: size }, (_, sample) => {
    const first = inputs[sample * width] as number
    return Math.min(classes - 1, Math.floor(((first + 1) / 2) * classes))
  })
  return {
    inputs: { data: inputs, shape: [size, width] },
    targets: { data: labels, shape: [size] },
  }
}
