import type { Samples, Workload } from './workload.ts'

/** What a loop written by hand does for its batches: shuffles each epoch, copies the rows of a batch. */
export function* shuffledBatches(
  { inputs, targets }: Samples,
  workload: Workload,
): Generator<Samples, never> {
  const { samples, batchSize, inputs: width } = workload
  const order = Uint32Array.from({ length: samples }, (_, index) => index)
  for (;;) {
    shuffle(order)
    for (let start = 0; start < samples; start += batchSize) {
      const picked = order.subarray(start, start + batchSize)
      const rows = new Float32Array(picked.length * width)
      const classes = new Int32Array(picked.length)
      for (let row = 0; row < picked.length; row++) {
        const sample = picked[row] as number
        rows.set(inputs.subarray(sample * width, (sample + 1) * width), row * width)
        classes[row] = targets[sample] as number
      }
      yield { inputs: rows, targets: classes }
    }
  }
}

function shuffle(order: Uint32Array): void {
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1))
    const held = order[last] as number
    order[last] = order[other] as number
    order[other] = held
  }
}
