import type { Backend, SessionOptions } from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import { activate, type EngineOptions } from './engine.ts'
import { functions } from './functions.ts'
import { layersModel } from './layers-model.ts'
import { resolveLoss } from './losses.ts'
import { resolveMetrics } from './metrics.ts'
import { awaited, immediate } from './readback.ts'
import { stream, withRandomAsync } from './seeded-random.ts'
import { TfjsSession } from './session.ts'
import type { FunctionTask, ModelTask, Task, TaskDefinition, TaskFactory } from './task.ts'

/**
 * A backend on any engine of TensorFlow.js. The engine becomes the active one when a session is opened;
 * a process can have sessions of one engine at a time.
 */
export function tfjs(task: TaskFactory | TaskDefinition, options: EngineOptions): Backend {
  const definition = definitionOf(task)
  return {
    name: options.engine,
    open: (session) => open(definition.build, options, session),
    ...(definition.registerEvents && { registerEvents: (run) => definition.registerEvents?.(run) }),
  }
}

function definitionOf(task: TaskFactory | TaskDefinition): TaskDefinition {
  const definition = typeof task === 'function' ? { build: task } : task
  if (typeof definition?.build === 'function') return definition
  throw new TypeError(
    `A task is a function that makes it, or an object with such a function named build; this is ${task}`,
  )
}

async function open(
  build: TaskFactory,
  engine: EngineOptions,
  options: SessionOptions,
): Promise<TfjsSession> {
  const giveUp = await activate(engine)
  const made = new MadeByTask()
  const release = (): void => {
    made.dispose()
    giveUp()
  }
  let task: Task | undefined
  try {
    const { seed } = options
    // All ranks draw the same initial parameters.
    task = await withRandomAsync(stream(seed, 'build'), () => made.track(() => build({ tf, seed })))
    return sessionOf(task, engine, options, release)
  } catch (error) {
    disposeTask(task)
    release()
    throw error
  }
}

/** What a refused task has made is released, too. */
function disposeTask(task: Partial<ModelTask & FunctionTask> | undefined): void {
  if (isModel(task?.model)) task.model.dispose()
  tf.dispose(task?.parameters ?? [])
}

function sessionOf(
  task: Task,
  { engine, readbackLag = 0, readsCopies = false }: EngineOptions,
  { seed, distributed }: SessionOptions,
  release: () => void,
): TfjsSession {
  checkTask(task)
  return new TfjsSession({
    loss: resolveLoss(task.loss),
    metrics: resolveMetrics(task.metrics ?? [], task.loss),
    optimizer: checkOptimizer(task.optimizer),
    engine,
    readback: (readbackLag === 0 ? immediate : awaited)(readsCopies),
    readbackLag,
    seed,
    rank: distributed.rank,
    // Last, since from here on the task's tensors are the learner's.
    learner: 'model' in task ? layersModel(task) : functions(task),
    release,
  })
}

/** Told by what it can do: it may come from another copy of TensorFlow.js. */
function isModel(model: unknown): model is tf.LayersModel {
  return typeof (model as tf.LayersModel | undefined)?.calculateLosses === 'function'
}

function checkTask(task: Partial<ModelTask & FunctionTask> | undefined): void {
  if (isModel(task?.model) || typeof task?.forward === 'function') return
  throw new TypeError(
    'The function that makes the task must return an object with a model (a tf.LayersModel), or with parameters and a forward function',
  )
}

function checkOptimizer(optimizer: Task['optimizer']): Task['optimizer'] {
  if (typeof optimizer?.update === 'function') return optimizer
  throw new TypeError(
    "The task's optimizer must be made by adam(), sgd() and the like of @hookstep/backend-tfjs: those of TensorFlow.js cannot be saved exactly",
  )
}

/** The tensors that a task's function makes: they live as long as the session does. */
class MadeByTask {
  #tensors: tf.Tensor[] = []

  /** Runs `make`; what it makes before it first waits is kept, and disposed later. */
  track<Result>(make: () => Result): Result {
    const engine = tf.engine()
    engine.startScope('task')
    try {
      return make()
    } finally {
      const scope = engine.state.activeScope
      this.#tensors = (scope?.track ?? []).filter(({ kept }) => !kept).map((tensor) => tf.keep(tensor))
      engine.endScope()
    }
  }

  dispose(): void {
    tf.dispose(this.#tensors)
    this.#tensors = []
  }
}
