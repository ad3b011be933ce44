import { perElement, perStep, type Term } from './term.ts'

/** How parameters change at a step, and what is kept for each of them. Made by `adam()` and the like. */
export interface Optimizer {
  /** Such as `adam`. */
  readonly name: string
  /** Every option as it was resolved, for logs. */
  readonly configuration: Readonly<Record<string, number | boolean>>
  /** What is kept for each parameter, in the parameter's shape, and what it is filled with at first. */
  readonly slots: Readonly<Record<string, number>>
  /** What is kept once: what it is at first, and what becomes of it at the beginning of every step. */
  readonly stepSlots: Readonly<Record<string, StepSlot>>
  /** Whether weight decay applies to a parameter. */
  decays(name: string, shape: readonly number[]): boolean
  /** The new values of a parameter and its slots. */
  update(decayed: boolean): Update
}

export interface StepSlot {
  readonly initial: number
  readonly next: Term
}

/** New values, from the old ones. */
export interface Update {
  readonly parameter: Term
  readonly slots: Readonly<Record<string, Term>>
}

/** What weight decay every optimizer offers. */
export interface DecayOptions {
  /** Strength of the weight decay. Default 0; `adamW` 0.01. */
  readonly weightDecay?: number
  /** Which parameters decay. Default: those of two dimensions or more, so no biases and no scales. */
  readonly decays?: (name: string, shape: readonly number[]) => boolean
}

export const parameter: Term = perElement('parameter')
export const gradient: Term = perElement('gradient')
export const learningRate: Term = perStep('learningRate')

/** A slot, as it was before the step. */
export function slot(name: string): Term {
  return perElement(`slot:${name}`)
}

/** A slot that is kept once, as it is in this step. */
export function stepSlot(name: string): Term {
  return perStep(`stepSlot:${name}`)
}

/** The gradient of the loss with an L2 penalty of half `weightDecay` times the square of the parameter. */
export function penalized(decayed: boolean, weightDecay: number): Term {
  return decayed && weightDecay !== 0 ? gradient.plus(parameter.times(weightDecay)) : gradient
}

/** A moving average, `β average + (1 − β) value`, with weights that add up to 1 in float32. */
export function average(old: Term, beta: number, value: Term): Term {
  return old.times(beta).plus(value.times(1 - Math.fround(beta)))
}

export function hasTwoDimensions(_name: string, shape: readonly number[]): boolean {
  return shape.length > 1
}

/** @throws RangeError naming the option, unless `least <= value < below`. */
export function checkRange(
  optimizer: string,
  name: string,
  value: number,
  least: number,
  below: number,
): void {
  if (value >= least && value < below) return
  const range =
    below === Infinity ? `a finite number, at least ${least}` : `at least ${least} and below ${below}`
  throw new RangeError(`${optimizer}({ ${name}: ${value} }): ${name} must be ${range}`)
}
