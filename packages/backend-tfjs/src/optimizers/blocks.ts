import type { ElementProgram, Result, Value } from './program.ts'
import type { BinaryOperation, UnaryOperation } from './term.ts'

/** Elements that are worked on at a time: all values of a block stay in the processor's fastest cache. */
const blockLength = 512

/** The arrays of one parameter. The parameter's new values go to `target`; slots change in place. */
export interface ElementArrays {
  readonly parameter: Float32Array
  readonly gradient: Float32Array
  readonly slots: readonly Float32Array[]
  /** The step's numbers. */
  readonly step: Float32Array
  readonly target: Float32Array
}

/** Carries out a program block by block, one loop per operation. Values are rounded to float32. */
export type BlockRunner = (arrays: ElementArrays) => void

/** Prepares a program for {@link ElementArrays} of any length. */
export function blockRunner(program: ElementProgram): BlockRunner {
  const scratch = program.values.map(() => new Float32Array(blockLength))
  program.values.forEach((value, index) => {
    if (value.kind === 'constant') scratch[index]?.fill(value.value)
  })
  return (arrays) => {
    fillStepNumbers(program, scratch, arrays.step)
    for (let start = 0; start < arrays.target.length; start += blockLength) {
      runBlock(program, scratch, arrays, start, Math.min(blockLength, arrays.target.length - start))
    }
  }
}

function fillStepNumbers(program: ElementProgram, scratch: Float32Array[], step: Float32Array): void {
  program.values.forEach((value, index) => {
    if (value.kind === 'step') scratch[index]?.fill(step[value.index] as number)
  })
}

function runBlock(
  program: ElementProgram,
  scratch: readonly Float32Array[],
  arrays: ElementArrays,
  start: number,
  length: number,
): void {
  const { values } = program
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as Value
    const target = scratch[index] as Float32Array
    const source = input(value, arrays)
    if (source !== undefined) copy(source, start, target, 0, length)
    else if (value.kind === 'unary' || value.kind === 'binary') compute(value, scratch, target, length)
  }
  copy(scratch[program.parameter] as Float32Array, 0, arrays.target, start, length)
  program.slots.forEach((index, slot) => {
    copy(scratch[index] as Float32Array, 0, arrays.slots[slot] as Float32Array, start, length)
  })
}

function input(value: Value, arrays: ElementArrays): Float32Array | undefined {
  switch (value.kind) {
    case 'parameter':
      return arrays.parameter
    case 'gradient':
      return arrays.gradient
    case 'slot':
      return arrays.slots[value.index]
    default:
      return undefined
  }
}

function copy(from: Float32Array, start: number, to: Float32Array, at: number, length: number): void {
  for (let i = 0; i < length; i++) to[at + i] = from[start + i] as number
}

function compute(
  result: Result,
  scratch: readonly Float32Array[],
  target: Float32Array,
  length: number,
): void {
  if (result.kind === 'unary') {
    unaryLoops[result.operation](scratch[result.operand] as Float32Array, target, length)
  } else {
    const left = scratch[result.left] as Float32Array
    binaryLoops[result.operation](left, scratch[result.right] as Float32Array, target, length)
  }
}

// A loop for each operation: what the engine of JavaScript compiles well.

const unaryLoops: Record<UnaryOperation, (x: Float32Array, to: Float32Array, length: number) => void> = {
  squareRoot(x, to, length) {
    for (let i = 0; i < length; i++) to[i] = Math.sqrt(x[i] as number)
  },
  sign(x, to, length) {
    for (let i = 0; i < length; i++) to[i] = (x[i] as number) > 0 ? 1 : (x[i] as number) < 0 ? -1 : 0
  },
}

type BinaryLoop = (x: Float32Array, y: Float32Array, to: Float32Array, length: number) => void

const binaryLoops: Record<BinaryOperation, BinaryLoop> = {
  add(x, y, to, length) {
    for (let i = 0; i < length; i++) to[i] = (x[i] as number) + (y[i] as number)
  },
  subtract(x, y, to, length) {
    for (let i = 0; i < length; i++) to[i] = (x[i] as number) - (y[i] as number)
  },
  multiply(x, y, to, length) {
    for (let i = 0; i < length; i++) to[i] = (x[i] as number) * (y[i] as number)
  },
  divide(x, y, to, length) {
    for (let i = 0; i < length; i++) to[i] = (x[i] as number) / (y[i] as number)
  },
  maximum(x, y, to, length) {
    for (let i = 0; i < length; i++) to[i] = Math.max(x[i] as number, y[i] as number)
  },
}
