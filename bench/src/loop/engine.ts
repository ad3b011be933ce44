import type * as Tf from '@tensorflow/tfjs'

export type EngineName = 'cpu' | 'wasm'

/** TensorFlow.js with one of its engines, as a program without Hookstep sets it up. */
export async function openEngine(name: EngineName): Promise<typeof Tf> {
  const tf = await import('@tensorflow/tfjs')
  if (name === 'wasm') await import('@tensorflow/tfjs-backend-wasm')
  await tf.setBackend(name)
  // Or it greets every process on the error stream, once.
  ;(tf.backend() as { firstUse?: boolean }).firstUse = false
  return tf
}
