/*
 * TensorFlow.js draws the seeds of initializers and dropout from `Math.random` wherever none is given.
 * Within the scopes of this file those draws come from a stream that depends on its keys alone, so that
 * a run repeats, and resumes, exactly.
 */

/** A stream of numbers in [0, 1). */
export type Stream = () => number

/** Runs `body` while `Math.random` draws from a stream. */
export function withRandom<Result>(stream: Stream, body: () => Result): Result {
  const original = Math.random
  Math.random = stream
  try {
    return body()
  } finally {
    Math.random = original
  }
}

/** The same for a body that may wait. Such bodies run one after another, in this process. */
export function withRandomAsync<Result>(
  stream: Stream,
  body: () => Result | Promise<Result>,
): Promise<Result> {
  const result = turn.then(async () => {
    const original = Math.random
    Math.random = stream
    try {
      return await body()
    } finally {
      Math.random = original
    }
  })
  turn = result.catch(() => undefined)
  return result
}

let turn: Promise<unknown> = Promise.resolve()

/** The stream of a seed and keys. Nothing is computed before the first draw. */
export function stream(seed: number, ...keys: readonly (number | string)[]): Stream {
  let state: number | undefined
  return () => {
    state = ((state ?? hash([seed, ...keys].join('/'))) + 0x9e3779b9) | 0
    return mix(state) / 2 ** 32
  }
}

/** FNV-1a over 32 bits, then mixed. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mix(h)
}

/** The output function of splitmix32: MurmurHash3's finalizer with other constants. */
function mix(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return (h ^ (h >>> 15)) >>> 0
}
