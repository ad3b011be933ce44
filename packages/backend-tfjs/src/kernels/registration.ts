import * as tf from '@tensorflow/tfjs'

/** A kernel as a composition of TensorFlow.js operations: tensors and attributes in, one tensor out. */
export type ComposedKernel<Inputs, Attributes> = (inputs: Inputs, attributes: Attributes) => tf.Tensor

/** A kernel that works on an engine's memory itself. */
export type NativeKernel = tf.KernelFunc

/** Adds a kernel that an engine lacks. Where the engine has it, nothing is changed. */
export function addComposed<Inputs, Attributes>(
  engine: string,
  name: string,
  kernel: ComposedKernel<Inputs, Attributes>,
): void {
  addNative(engine, name, composed(kernel))
}

export function addNative(engine: string, name: string, kernelFunc: NativeKernel): void {
  if (tf.getKernel(name, engine)) return
  tf.registerKernel({ kernelName: name, backendName: engine, kernelFunc })
}

const replaced = new Set<string>()

/** Puts a kernel in place of an engine's own one, which it is given. */
export function replaceKernel(
  engine: string,
  name: string,
  replacement: (original: NativeKernel) => NativeKernel,
): void {
  const config = tf.getKernel(name, engine)
  if (!config || replaced.has(`${engine}/${name}`)) return
  replaced.add(`${engine}/${name}`)
  tf.unregisterKernel(name, engine)
  tf.registerKernel({ ...config, kernelFunc: replacement(config.kernelFunc) })
}

/** Runs operations as a kernel. What they make on the way is disposed. */
export function composed<Inputs, Attributes>(kernel: ComposedKernel<Inputs, Attributes>): NativeKernel {
  return ({ inputs, attrs }) => {
    // TensorFlow.js passes whole tensors, and takes one back.
    return tf.tidy(() => kernel(inputs as Inputs, attrs as Attributes))
  }
}
