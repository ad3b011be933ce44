import type { Evaluated, NdArray, Outputs } from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import { after, type Readback } from './readback.ts'

/** A batch that was evaluated: takes the tensors over. */
export function evaluated(
  outputs: tf.Tensor,
  numbers: readonly (readonly [name: string, value: tf.Scalar])[],
  readback: Readback,
): Evaluated {
  const tensors = numbers.map(([, value]) => value)
  return {
    values: () =>
      after(readback.arrays(tensors), (arrays) =>
        Object.fromEntries(
          numbers.map(([name], index) => [name, (arrays[index] as NdArray).data[0] as number]),
        ),
      ),
    outputs: () => readOutputs(outputs, readback),
    dispose: () => tf.dispose([outputs, ...tensors]),
  }
}

/** Copies outputs to a plain array. */
export function readOutputs(outputs: tf.Tensor, readback: Readback): Outputs | Promise<Outputs> {
  return after(readback.arrays([outputs]), ([array]) => array as Outputs)
}
