import * as tf from '@tensorflow/tfjs'
import type { NativeKernel } from './registration.ts'

/** `tf.oneHot` of any type: the engine's own writes the bits of int32 numbers into float32 tensors. */
export function oneHot(original: NativeKernel): NativeKernel {
  return (call) => {
    const dtype = call.attrs?.dtype as tf.DataType
    if (dtype === 'int32') return original(call)
    const whole = original({ ...call, attrs: { ...call.attrs, dtype: 'int32' } }) as tf.TensorInfo
    const cast = tf.getKernel('Cast', 'wasm').kernelFunc
    const result = cast({ inputs: { x: whole }, backend: call.backend, attrs: { dtype } })
    ;(call.backend as { disposeData(dataId: object): void }).disposeData(whole.dataId)
    return result
  }
}
