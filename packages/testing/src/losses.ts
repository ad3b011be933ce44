/** What a plain model is trained to make small, and the one metric that goes with it. */
export interface Loss {
  readonly metric: string
  /** Numbers in a sample's target. */
  targetWidth(outputs: number): number
  /** The loss of the sample whose target begins at `at`. Leaves its derivative by the outputs in `deltas`. */
  loss(outputs: Float64Array, targets: ArrayLike<number>, at: number, deltas: Float64Array): number
  /** The metric of that sample. */
  measure(outputs: Float64Array, targets: ArrayLike<number>, at: number): number
}

/** The mean over the outputs of the squared error; the metric is the mean absolute error. */
export const squaredError: Loss = {
  metric: 'absolute_error',
  targetWidth: (outputs) => outputs,
  loss(outputs, targets, at, deltas) {
    let sum = 0
    for (let o = 0; o < outputs.length; o++) {
      const error = (outputs[o] as number) - (targets[at + o] as number)
      sum += error * error
      deltas[o] = (2 * error) / outputs.length
    }
    return sum / outputs.length
  },
  measure(outputs, targets, at) {
    let sum = 0
    for (let o = 0; o < outputs.length; o++)
      sum += Math.abs((outputs[o] as number) - (targets[at + o] as number))
    return sum / outputs.length
  },
}

/** The cross-entropy of the outputs' softmax and a class, counted from 0; the metric is the accuracy. */
export const crossEntropy: Loss = {
  metric: 'accuracy',
  targetWidth: () => 1,
  loss(outputs, targets, at, deltas) {
    const label = targets[at] as number
    const highest = outputs[indexOfHighest(outputs)] as number
    let sum = 0
    for (let o = 0; o < outputs.length; o++) {
      deltas[o] = Math.exp((outputs[o] as number) - highest)
      sum += deltas[o] as number
    }
    for (let o = 0; o < outputs.length; o++) deltas[o] = (deltas[o] as number) / sum - (o === label ? 1 : 0)
    return Math.log(sum) + highest - (outputs[label] as number)
  },
  measure: (outputs, targets, at) => (indexOfHighest(outputs) === targets[at] ? 1 : 0),
}

function indexOfHighest(values: Float64Array): number {
  let highest = 0
  for (let i = 1; i < values.length; i++) {
    if ((values[i] as number) > (values[highest] as number)) highest = i
  }
  return highest
}
