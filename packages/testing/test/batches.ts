import type { Batch, Random } from '@hookstep/trainer'
import { corners, line } from '../src/index.ts'

/** Points on a line, drawn anew for each batch. */
export function linear(random: Random, size: number): Batch {
  return line({ samples: size, inputs: 2, seed: random.below(1e6) }).batch(firsts(size), random) as Batch
}

/** Points of a square in two classes. */
export function classes(random: Random, size: number): Batch {
  return corners({ samples: size, seed: random.below(1e6) }).batch(firsts(size), random) as Batch
}

function firsts(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => index)
}
