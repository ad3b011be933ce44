/**
 * The arithmetic of an update rule. A rule is written once, as terms; each engine carries the terms out
 * in its own way: loops over arrays, generated WebAssembly, TensorFlow.js operations. Every operation
 * rounds to float32, so that all of them come to the same bits.
 */
export type Term = Constant | Value | Unary | Binary

export interface Constant extends Arithmetic {
  readonly kind: 'constant'
  readonly value: number
}

/** Something that is given: one number per step, or one per element of the parameter. */
export interface Value extends Arithmetic {
  readonly kind: 'value'
  readonly name: string
  /** Whether it is one number for the whole step. */
  readonly perStep: boolean
}

export interface Unary extends Arithmetic {
  readonly kind: 'unary'
  readonly operation: UnaryOperation
  readonly operand: Term
}

export interface Binary extends Arithmetic {
  readonly kind: 'binary'
  readonly operation: BinaryOperation
  readonly left: Term
  readonly right: Term
}

export type UnaryOperation = 'squareRoot' | 'sign'
export type BinaryOperation = 'add' | 'subtract' | 'multiply' | 'divide' | 'maximum'

/** What can be made of a term. */
interface Arithmetic {
  plus(other: Term | number): Term
  minus(other: Term | number): Term
  times(other: Term | number): Term
  over(other: Term | number): Term
  atLeast(other: Term | number): Term
  squareRoot(): Term
  /** -1, 0 or 1. */
  sign(): Term
}

/** A number that never changes. */
export function constant(value: number): Term {
  return withArithmetic({ kind: 'constant', value: Math.fround(value) })
}

/** A number per element, such as the gradient. */
export function perElement(name: string): Term {
  return withArithmetic({ kind: 'value', name, perStep: false })
}

/** A number per step, such as the learning rate. */
export function perStep(name: string): Term {
  return withArithmetic({ kind: 'value', name, perStep: true })
}

/** Whether a term is one number for the whole step. */
export function isPerStep(term: Term): boolean {
  switch (term.kind) {
    case 'constant':
      return true
    case 'value':
      return term.perStep
    case 'unary':
      return isPerStep(term.operand)
    case 'binary':
      return isPerStep(term.left) && isPerStep(term.right)
  }
}

type Plain<T> = T extends Term ? Omit<T, keyof Arithmetic> : never

function withArithmetic(plain: Plain<Term>): Term {
  const binary =
    (operation: BinaryOperation) =>
    (other: Term | number): Term =>
      withArithmetic({ kind: 'binary', operation, left: self, right: asTerm(other) })
  const unary = (operation: UnaryOperation) => (): Term =>
    withArithmetic({ kind: 'unary', operation, operand: self })
  const self = {
    ...plain,
    plus: binary('add'),
    minus: binary('subtract'),
    times: binary('multiply'),
    over: binary('divide'),
    atLeast: binary('maximum'),
    squareRoot: unary('squareRoot'),
    sign: unary('sign'),
  } as Term
  return self
}

function asTerm(value: Term | number): Term {
  return typeof value === 'number' ? constant(value) : value
}
