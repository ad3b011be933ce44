import { asText } from './fold.ts'
import type { Optimizer } from './optimizer.ts'
import { type BinaryOperation, isPerStep, type Term, type UnaryOperation } from './term.ts'

/**
 * An optimizer's arithmetic as fused kernels carry it out: a few numbers once per step, then a list of
 * values for every element of a parameter.
 */
export interface Program {
  /** The numbers that a step needs, in the order of the vector that holds them. */
  readonly stepTerms: readonly Term[]
  /** What is done to a parameter with, and to one without weight decay. */
  readonly decayed: ElementProgram
  readonly plain: ElementProgram
}

export interface ElementProgram {
  /** In the order in which they are computed; results refer to earlier values by their index. */
  readonly values: readonly Value[]
  /** Which value the new parameter is, and which the new slots are, in the slots' order. */
  readonly parameter: number
  readonly slots: readonly number[]
}

export type Value =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'step' | 'slot'; readonly index: number }
  | { readonly kind: 'parameter' | 'gradient' }
  | Result

export type Result =
  | { readonly kind: 'unary'; readonly operation: UnaryOperation; readonly operand: number }
  | {
      readonly kind: 'binary'
      readonly operation: BinaryOperation
      readonly left: number
      readonly right: number
    }

/** Compiles an optimizer's terms. */
export function program(optimizer: Optimizer): Program {
  const steps = new StepTerms()
  const decayed = elementProgram(optimizer, true, steps)
  const plain = elementProgram(optimizer, false, steps)
  return { stepTerms: steps.terms, decayed, plain }
}

/** The largest terms that are one number per step, each once. */
class StepTerms {
  readonly terms: Term[] = []
  readonly #indices = new Map<string, number>()

  index(term: Term): number {
    const text = asText(term)
    const index = this.#indices.get(text) ?? this.terms.push(term) - 1
    this.#indices.set(text, index)
    return index
  }
}

function elementProgram(optimizer: Optimizer, decays: boolean, steps: StepTerms): ElementProgram {
  const names = Object.keys(optimizer.slots)
  const compiler = new Compiler(names, steps)
  const { parameter, slots } = optimizer.update(decays)
  return {
    parameter: compiler.compile(parameter),
    slots: names.map((name) => compiler.compile(slots[name] as Term)),
    values: compiler.values,
  }
}

/** Lists the values of terms. What occurs twice is listed once. */
class Compiler {
  readonly values: Value[] = []
  readonly #slots: readonly string[]
  readonly #steps: StepTerms
  readonly #indices = new Map<string, number>()

  constructor(slots: readonly string[], steps: StepTerms) {
    this.#slots = slots
    this.#steps = steps
  }

  compile(term: Term): number {
    return this.#add(this.#value(term))
  }

  #value(term: Term): Value {
    if (term.kind === 'constant') return { kind: 'constant', value: term.value }
    if (isPerStep(term)) return { kind: 'step', index: this.#steps.index(term) }
    switch (term.kind) {
      case 'value':
        return this.#input(term.name)
      case 'unary':
        return { kind: 'unary', operation: term.operation, operand: this.compile(term.operand) }
      case 'binary':
        return {
          kind: 'binary',
          operation: term.operation,
          left: this.compile(term.left),
          right: this.compile(term.right),
        }
    }
  }

  #input(name: string): Value {
    if (name === 'parameter' || name === 'gradient') return { kind: name }
    return { kind: 'slot', index: this.#slots.indexOf(name.slice('slot:'.length)) }
  }

  #add(value: Value): number {
    const text = JSON.stringify(value)
    const index = this.#indices.get(text) ?? this.values.push(value) - 1
    this.#indices.set(text, index)
    return index
  }
}
