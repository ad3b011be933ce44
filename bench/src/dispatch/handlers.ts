/** What every handler of this benchmark receives. */
export interface Context {
  readonly step: number
}

export type Handler = (context: Context) => unknown

/** What each handler has added up: work that no compiler can leave out. */
const sums = {
  a: 0,
  b: 0,
  c: 0,
  d: 0,
  e: 0,
  f: 0,
  g: 0,
  h: 0,
  i: 0,
  j: 0,
  k: 0,
  l: 0,
  m: 0,
  n: 0,
  o: 0,
  p: 0,
}

/** Sixteen functions written out, as sixteen hooks would bring sixteen functions. */
export const handlers: readonly Handler[] = [
  (context) => void (sums.a += context.step),
  (context) => void (sums.b += context.step),
  (context) => void (sums.c += context.step),
  (context) => void (sums.d += context.step),
  (context) => void (sums.e += context.step),
  (context) => void (sums.f += context.step),
  (context) => void (sums.g += context.step),
  (context) => void (sums.h += context.step),
  (context) => void (sums.i += context.step),
  (context) => void (sums.j += context.step),
  (context) => void (sums.k += context.step),
  (context) => void (sums.l += context.step),
  (context) => void (sums.m += context.step),
  (context) => void (sums.n += context.step),
  (context) => void (sums.o += context.step),
  (context) => void (sums.p += context.step),
]

export const asyncHandler: Handler = async (context) => {
  sums.a += context.step
}
