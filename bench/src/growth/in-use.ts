import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Kilobytes that are still needed after a collection: objects, and typed arrays outside of the heap. */
export async function kilobytesInUse(): Promise<number> {
  // The journal writes its lines within a second, and the compiler finishes its work.
  await wait(1200)
  // What the first collection finalizes, the second frees.
  collectGarbage()
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 1024
}

/** Tensors of TensorFlow.js that nobody has disposed. */
export async function tensorsInUse(): Promise<number> {
  const { memory } = await import('@tensorflow/tfjs')
  return memory().numTensors
}
