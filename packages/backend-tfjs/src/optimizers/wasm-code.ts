import type { ElementProgram, Result, Value } from './program.ts'
import type { BinaryOperation } from './term.ts'

/*
 * An element program as a WebAssembly module: one function that goes over a parameter four elements at a
 * time, and over the rest one by one. Encodings: https://webassembly.github.io/spec/core/binary/.
 */

/** The function's arguments: a length in bytes, then addresses. Those of the slots come last. */
const firstArguments = ['length', 'parameter', 'gradient', 'step', 'target'] as const

const [length, parameter, gradient, step, target] = [0, 1, 2, 3, 4]
const firstSlot = firstArguments.length

/** The module's bytes. It imports its memory as `env.memory` and exports the function `update`. */
export function updateModule(program: ElementProgram, sharedMemoryPages: number | undefined): Uint8Array {
  const argumentCount = firstSlot + program.slots.length
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, ...vector(new Array<number>(argumentCount).fill(i32)), 0]),
    ...section(2, [1, ...text('env'), ...text('memory'), 2, ...memoryLimits(sharedMemoryPages)]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text('update'), 0, 0]),
    ...section(10, [1, ...vector(functionBody(program, argumentCount))]),
  ])
}

/** A shared memory must be declared as such, with its maximum. */
function memoryLimits(sharedPages: number | undefined): number[] {
  return sharedPages === undefined ? [0, 1] : [3, 1, ...unsigned(sharedPages)]
}

// -- the function

const i32 = 0x7f
const f32 = 0x7d
const v128 = 0x7b

function functionBody(program: ElementProgram, argumentCount: number): number[] {
  const count = program.values.length
  const position = argumentCount
  const vectors = new Lanes(position + 1, fourLanes)
  const scalars = new Lanes(position + 1 + count, oneLane)
  const wholeVectors = [...get(length), ...int32(-16), 0x71]
  return [
    ...[3, 1, i32, ...unsigned(count), v128, ...unsigned(count), f32],
    ...vectors.prepare(program),
    ...scalars.prepare(program),
    ...loop(position, wholeVectors, 16, vectors.body(program, position)),
    ...loop(position, get(length), 4, scalars.body(program, position)),
    end,
  ]
}

/** Runs the body until the position has reached the limit. */
function loop(position: number, limit: number[], stride: number, body: number[]): number[] {
  const isDone = [...get(position), ...limit, 0x4f, ...[0x0d, 1]]
  const advance = [...get(position), ...int32(stride), 0x6a, ...set(position)]
  return [...[0x02, 0x40, 0x03, 0x40], ...isDone, ...body, ...advance, ...[0x0c, 0], end, end]
}

/** How a kind of number is worked with. */
interface Instructions extends Record<BinaryOperation | 'squareRoot' | 'load' | 'store', number[]> {
  /** From one float32 number on the stack. */
  readonly fromNumber: number[]
  /** 1 where the operands compare so, else 0. */
  isGreater(): number[]
  isLess(): number[]
}

const oneLane: Instructions = {
  load: [0x2a, 2, 0],
  store: [0x38, 2, 0],
  fromNumber: [],
  add: [0x92],
  subtract: [0x93],
  multiply: [0x94],
  divide: [0x95],
  maximum: [0x97],
  squareRoot: [0x91],
  isGreater: () => [0x5e, 0xb3],
  isLess: () => [0x5d, 0xb3],
}

/** Makes all-ones lanes to 1: the bits that they have in common with it. */
const ones: number[] = [...float32(1), 0xfd, 0x13, 0xfd, 0x4e]

const fourLanes: Instructions = {
  load: [0xfd, 0x00, 2, 0],
  store: [0xfd, 0x0b, 2, 0],
  fromNumber: [0xfd, 0x13],
  add: [0xfd, 0xe4, 1],
  subtract: [0xfd, 0xe5, 1],
  multiply: [0xfd, 0xe6, 1],
  divide: [0xfd, 0xe7, 1],
  maximum: [0xfd, 0xe9, 1],
  squareRoot: [0xfd, 0xe3, 1],
  isGreater: () => [0xfd, 0x44, ...ones],
  isLess: () => [0xfd, 0x43, ...ones],
}

/** The code for numbers of one kind: a local variable for each value. */
class Lanes {
  readonly #firstLocal: number
  readonly #instructions: Instructions

  constructor(firstLocal: number, instructions: Instructions) {
    this.#firstLocal = firstLocal
    this.#instructions = instructions
  }

  /** What is the same for all elements. */
  prepare({ values }: ElementProgram): number[] {
    return values.flatMap((value, index) => {
      if (value.kind === 'constant')
        return [...float32(value.value), ...this.#instructions.fromNumber, ...this.#set(index)]
      if (value.kind !== 'step') return []
      return [
        ...get(step),
        ...oneLaneAt(4 * value.index),
        ...this.#instructions.fromNumber,
        ...this.#set(index),
      ]
    })
  }

  /** What is done at a position. */
  body(program: ElementProgram, position: number): number[] {
    const computed = program.values.flatMap((value, index) => this.#compute(value, index, position))
    const stores = program.slots.flatMap((value, slot) => this.#store(firstSlot + slot, position, value))
    return [...computed, ...stores, ...this.#store(target, position, program.parameter)]
  }

  #compute(value: Value, index: number, position: number): number[] {
    switch (value.kind) {
      case 'constant':
      case 'step':
        return []
      case 'parameter':
        return [...this.#load(parameter, position), ...this.#set(index)]
      case 'gradient':
        return [...this.#load(gradient, position), ...this.#set(index)]
      case 'slot':
        return [...this.#load(firstSlot + value.index, position), ...this.#set(index)]
      default:
        return [...this.#result(value), ...this.#set(index)]
    }
  }

  #result(value: Result): number[] {
    if (value.kind === 'binary') {
      return [...this.#get(value.left), ...this.#get(value.right), ...this.#instructions[value.operation]]
    }
    const operand = this.#get(value.operand)
    return value.operation === 'sign' ? this.#sign(operand) : [...operand, ...this.#instructions.squareRoot]
  }

  #sign(operand: number[]): number[] {
    const { isGreater, isLess, subtract, fromNumber } = this.#instructions
    const zero = [...float32(0), ...fromNumber]
    return [...operand, ...zero, ...isGreater(), ...operand, ...zero, ...isLess(), ...subtract]
  }

  #load(address: number, position: number): number[] {
    return [...get(address), ...get(position), 0x6a, ...this.#instructions.load]
  }

  #store(address: number, position: number, value: number): number[] {
    return [...get(address), ...get(position), 0x6a, ...this.#get(value), ...this.#instructions.store]
  }

  #get(value: number): number[] {
    return get(this.#firstLocal + value)
  }

  #set(value: number): number[] {
    return set(this.#firstLocal + value)
  }
}

// -- encodings

const end = 0x0b

function get(local: number): number[] {
  return [0x20, ...unsigned(local)]
}

function set(local: number): number[] {
  return [0x21, ...unsigned(local)]
}

/** A constant from -64 to 63. */
function int32(value: number): number[] {
  return [0x41, value & 0x7f]
}

function float32(value: number): number[] {
  return [0x43, ...new Uint8Array(Float32Array.of(value).buffer)]
}

/** A float32 number at an offset from the address on the stack. */
function oneLaneAt(offset: number): number[] {
  return [0x2a, 2, ...unsigned(offset)]
}

function section(id: number, content: number[]): number[] {
  return [id, ...vector(content)]
}

/** Bytes with their count before them. */
function vector(bytes: number[]): number[] {
  return [...unsigned(bytes.length), ...bytes]
}

function text(ascii: string): number[] {
  return vector([...ascii].map((letter) => letter.charCodeAt(0)))
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}
