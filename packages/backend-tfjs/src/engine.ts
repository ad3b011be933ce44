import * as tf from '@tensorflow/tfjs'

/** An engine of TensorFlow.js, and what a session must know of it. */
export interface EngineOptions {
  /** Its name in TensorFlow.js: `cpu`, `wasm`, `webgpu`, `tensorflow`, …. */
  readonly engine: string
  /** Brings the engine's code in and registers kernels, before the engine is made the active one. */
  readonly prepare?: () => void | Promise<void>
  /**
   * Steps after which a number whose reading was begun is surely on the host. 0, the default: the engine
   * reads synchronously, and so does the session; above, reading returns promises.
   */
  readonly readbackLag?: number
  /**
   * Whether what the engine reads is memory that nobody else has: it is not copied again then. Default false, as
   * some engines give out a tensor's own memory.
   */
  readonly readsCopies?: boolean
}

/** The engine that sessions use. TensorFlow.js has one active engine per process. */
interface Use {
  engine: string | undefined
  sessions: number
  /** While the engine starts. */
  starting?: Promise<void> | undefined
}

/** Shared by all copies of this package in a process, as TensorFlow.js's own engine is. */
const uses = globalThis as { [key: symbol]: Use | undefined }
const key = Symbol.for('hookstep.tfjs.engine')

/**
 * Makes an engine the active one, for a session. Returns what gives it up again.
 *
 * @throws Error while a session of another engine is open, or where the engine does not start.
 */
export async function activate({ engine, prepare }: EngineOptions): Promise<() => void> {
  const release = claim(engine)
  try {
    await prepare?.()
    await startOnce(engine)
    return release
  } catch (error) {
    release()
    throw error
  }
}

/** Sessions that are opened at once wait for one start: with a second one TensorFlow.js gives up the first. */
async function startOnce(engine: string): Promise<void> {
  const use = uses[key] as Use
  use.starting ??= start(engine).finally(() => {
    use.starting = undefined
  })
  await use.starting
}

async function start(engine: string): Promise<void> {
  if (!(await tf.setBackend(engine))) {
    throw new Error(`TensorFlow.js could not start its engine '${engine}'`)
  }
  await tf.ready()
}

/** @throws Error where something else has changed the active engine since the session was opened. */
export function checkActive(name: string): void {
  if (tf.getBackend() === name) return
  throw new Error(
    `The active engine of TensorFlow.js is '${tf.getBackend()}', but the open session is on '${name}': leave out tf.setBackend() while it is open`,
  )
}

function claim(name: string): () => void {
  uses[key] ??= { engine: undefined, sessions: 0 }
  const use = uses[key]
  if (use.sessions > 0 && use.engine !== name) {
    throw new Error(
      `Cannot open a session on '${name}' while one on '${use.engine}' is open: TensorFlow.js has one engine per process. Close the other session first, or use another process`,
    )
  }
  use.engine = name
  use.sessions += 1
  let released = false
  return () => {
    if (!released) use.sessions -= 1
    released = true
  }
}
