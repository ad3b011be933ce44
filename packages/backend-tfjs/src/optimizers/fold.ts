import type { BinaryOperation, Term, UnaryOperation } from './term.ts'

/** One way of carrying out terms: what each kind of term becomes. */
export interface Algebra<Result> {
  constant(value: number): Result
  value(name: string, perStep: boolean): Result
  unary(operation: UnaryOperation, operand: Result): Result
  binary(operation: BinaryOperation, left: Result, right: Result): Result
}

/** Carries out a term; what occurs in it twice is done once, if `done` is kept from term to term. */
export function fold<Result>(
  term: Term,
  algebra: Algebra<Result>,
  done: Map<Term, Result> = new Map(),
): Result {
  const known = done.get(term)
  if (known !== undefined) return known
  const result = foldOnce(term, algebra, done)
  done.set(term, result)
  return result
}

function foldOnce<Result>(term: Term, algebra: Algebra<Result>, done: Map<Term, Result>): Result {
  switch (term.kind) {
    case 'constant':
      return algebra.constant(term.value)
    case 'value':
      return algebra.value(term.name, term.perStep)
    case 'unary':
      return algebra.unary(term.operation, fold(term.operand, algebra, done))
    case 'binary':
      return algebra.binary(term.operation, fold(term.left, algebra, done), fold(term.right, algebra, done))
  }
}

/** A term as text; equal text, equal term. */
export function asText(term: Term): string {
  return fold<string>(term, {
    constant: (value) => `${value}`,
    value: (name) => name,
    unary: (operation, operand) => `${operation}(${operand})`,
    binary: (operation, left, right) => `${operation}(${left}, ${right})`,
  })
}

/** A term of numbers per step as a function. Every operation rounds to float32. */
export function asFunction(term: Term): (values: ReadonlyMap<string, number>) => number {
  return fold<(values: ReadonlyMap<string, number>) => number>(term, {
    constant: (value) => () => value,
    value: (name) => (values) => values.get(name) ?? Number.NaN,
    unary: (operation, operand) => (values) => Math.fround(unaryOnNumbers[operation](operand(values))),
    binary: (operation, left, right) => (values) =>
      Math.fround(binaryOnNumbers[operation](left(values), right(values))),
  })
}

const unaryOnNumbers: Record<UnaryOperation, (x: number) => number> = {
  squareRoot: Math.sqrt,
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
}

const binaryOnNumbers: Record<BinaryOperation, (x: number, y: number) => number> = {
  add: (x, y) => x + y,
  subtract: (x, y) => x - y,
  multiply: (x, y) => x * y,
  divide: (x, y) => x / y,
  maximum: Math.max,
}
