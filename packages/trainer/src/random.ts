/** A stream of random numbers that depends on nothing but its seed and keys. */
export interface Random {
  /** In [0, 1), 32 bits of it random. */
  next(): number
  /** A whole number in [0, bound). */
  below(bound: number): number
  /**
   * Normally distributed, mean 0, standard deviation 1. Its last bits are those of the JavaScript engine's
   * logarithm and cosine, which may differ between engines.
   */
  normal(): number
}

/**
 * The stream of a seed and keys: the same numbers on every platform. Streams of different keys are
 * independent, so that a stream per epoch or per batch needs no state to be saved. A number and its
 * decimal text are the same key.
 */
export function random(seed: number, ...keys: readonly (number | string)[]): Random {
  // Made at the first draw: most batches come with a stream that nobody draws from.
  let next32: (() => number) | undefined
  const next = (): number => {
    next32 ??= sfc32(hash(seed, keys))
    return next32() / 2 ** 32
  }
  return {
    next,
    below: (bound) => Math.floor(next() * bound),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  }
}

/** 128 bits of state from seed and keys: MurmurHash3's mixing steps over their text, four times. */
function hash(seed: number, keys: readonly (number | string)[]): Uint32Array {
  const text = [seed, ...keys].map(escapeSlash).join('/')
  return Uint32Array.from([0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x7ed55d16], (start) => {
    let h = start
    for (let i = 0; i < text.length; i++) h = mix(h ^ text.charCodeAt(i))
    return mix(h ^ text.length)
  })
}

/** Keeps the keys `a/b` and `a`, `b` apart. */
function escapeSlash(key: number | string): string {
  return String(key).replace(/[%/]/g, encodeURIComponent)
}

/** MurmurHash3's finalizer for 32 bits. */
function mix(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Chris Doty-Humphrey's sfc32 (PractRand): small, fast, passes PractRand and BigCrush. */
function sfc32(state: Uint32Array): () => number {
  let [a = 0, b = 0, c = 0, counter = 1] = state
  const next = (): number => {
    const result = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + result
    c |= 0
    return result >>> 0
  }
  for (let i = 0; i < 12; i++) next()
  return next
}
