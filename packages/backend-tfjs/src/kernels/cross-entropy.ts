import type * as tf from '@tensorflow/tfjs'
import type { HostMemory } from '../host-memory.ts'
import { addNative, type NativeKernel } from './registration.ts'

/**
 * The mean cross entropy of softmax and its gradient by the logits, in one pass: as TensorFlow.js
 * operations it takes sixteen.
 *
 * - Inputs: `logits` `[…, classes]` and `targets`, probabilities of the same shape or, of rank one less, labels.
 * - Outputs: the loss, a scalar, and the gradient, of the logits' shape.
 */
export const crossEntropyKernel = 'HookstepSoftmaxCrossEntropy'

/** Registers the kernel for an engine, as loops over its memory. */
export function addCrossEntropy(engine: string, memoryOf: (backend: unknown) => HostMemory): void {
  addNative(engine, crossEntropyKernel, crossEntropy(memoryOf))
}

function crossEntropy(memoryOf: (backend: unknown) => HostMemory): NativeKernel {
  return ({ inputs, backend }) => {
    const { logits, targets } = inputs as { logits: tf.TensorInfo; targets: tf.TensorInfo }
    const memory = memoryOf(backend)
    const loss = memory.make([], 'float32')
    const gradient = memory.make(logits.shape, 'float32')
    const isSparse = targets.shape.length < logits.shape.length
    const rows: Rows = {
      classes: logits.shape.at(-1) as number,
      logits: memory.view(logits),
      targets: memory.view(targets),
      gradient: memory.view(gradient),
    }
    memory.view(loss)[0] = isSparse ? sparseLoss(rows) : denseLoss(rows)
    return [loss, gradient]
  }
}

interface Rows {
  readonly classes: number
  readonly logits: Numbers
  readonly targets: Numbers
  readonly gradient: Numbers
}

type Numbers = Float32Array | Int32Array

/** `log Σ exp(xᵢ) − x_label`, the mean over the rows; by the logits, `softmax(x)ᵢ − 1` at the label, over the rows. */
function sparseLoss({ classes, logits, targets, gradient }: Rows): number {
  const rows = logits.length / classes
  let sum = 0
  for (let row = 0; row < rows; row++) {
    const start = row * classes
    const label = start + (targets[row] as number)
    sum += exponentials(logits, gradient, start, classes) - (logits[label] as number)
    for (let i = start; i < start + classes; i++) gradient[i] = (gradient[i] as number) / rows
    gradient[label] = (gradient[label] as number) - 1 / rows
  }
  return sum / rows
}

function denseLoss({ classes, logits, targets, gradient }: Rows): number {
  const rows = logits.length / classes
  let sum = 0
  for (let row = 0; row < rows; row++) {
    const start = row * classes
    const logSum = exponentials(logits, gradient, start, classes)
    let total = 0
    for (let i = start; i < start + classes; i++) {
      const target = targets[i] as number
      total += target
      sum += target * (logSum - (logits[i] as number))
    }
    for (let i = start; i < start + classes; i++) {
      gradient[i] = ((gradient[i] as number) * total - (targets[i] as number)) / rows
    }
  }
  return sum / rows
}

/** Writes the softmax of a row to `to`; returns the logarithm of the sum of exponentials. */
function exponentials(logits: Numbers, to: Numbers, start: number, classes: number): number {
  let largest = logits[start] as number
  for (let i = start + 1; i < start + classes; i++) largest = Math.max(largest, logits[i] as number)
  let sum = 0
  for (let i = start; i < start + classes; i++) {
    const exponential = Math.exp((logits[i] as number) - largest)
    to[i] = exponential
    sum += exponential
  }
  for (let i = start; i < start + classes; i++) to[i] = (to[i] as number) / sum
  return largest + Math.log(sum)
}
