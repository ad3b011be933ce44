import * as tf from '@tensorflow/tfjs'
import { DeviceNumber } from '../device-number.ts'
import type { NamedTensor, Parameter } from '../parameters.ts'
import { asAttributes, stepKernel, updateKernel } from './kernels.ts'
import type { Optimizer } from './optimizer.ts'
import { type Program, program } from './program.ts'
import { TensorOperations } from './tensor-operations.ts'

/** A tensor that is replaced, or written in place, at every step. */
interface Slot {
  readonly name: string
  tensor: tf.Tensor
}

/** A parameter with what the optimizer keeps for it. */
interface Updated {
  readonly parameter: Parameter
  readonly decayed: boolean
  readonly slots: readonly Slot[]
}

/** Updates parameters by an optimizer's rule, and owns the slots. */
export class OptimizerState {
  readonly #optimizer: Optimizer
  readonly #program: Program
  readonly #updated: readonly Updated[]
  readonly #stepSlots: readonly Slot[]
  readonly #operations = new TensorOperations()
  readonly #fused: boolean
  readonly #learningRate = new DeviceNumber()

  constructor(optimizer: Optimizer, parameters: readonly Parameter[], engine: string) {
    this.#optimizer = optimizer
    this.#program = program(optimizer)
    this.#fused = Boolean(tf.getKernel(updateKernel, engine)) && Boolean(tf.getKernel(stepKernel, engine))
    this.#updated = parameters.map((parameter) => ({
      parameter,
      decayed: optimizer.decays(parameter.name, parameter.variable.shape),
      slots: Object.entries(optimizer.slots).map(([name, initial]) => ({
        name,
        tensor: tf.keep(tf.fill(parameter.variable.shape, initial)),
      })),
    }))
    this.#stepSlots = Object.entries(optimizer.stepSlots).map(([name, { initial }]) => ({
      name,
      tensor: tf.keep(tf.scalar(initial)),
    }))
  }

  /** Updates every parameter by its gradient. */
  update(gradients: readonly tf.Tensor[], learningRate: number): void {
    const rate = this.#learningRate.set(learningRate)
    tf.tidy(() =>
      this.#fused ? this.#updateFused(gradients, rate) : this.#updateByOperations(gradients, rate),
    )
  }

  /** What is kept per parameter, named `<parameter>/<slot>`. */
  perParameter(): NamedTensor[] {
    return this.#updated.flatMap(({ parameter, slots }) =>
      slots.map((slot) => asNamed(`${parameter.name}/${slot.name}`, slot)),
    )
  }

  /** What is kept once. */
  perStep(): NamedTensor[] {
    return this.#stepSlots.map((slot) => asNamed(slot.name, slot))
  }

  /** Everything that is kept on the device. */
  tensors(): tf.Tensor[] {
    const slots = [...this.perParameter(), ...this.perStep()].map((named) => named.read())
    return [...slots, ...this.#learningRate.held(), ...this.#operations.held()]
  }

  dispose(): void {
    for (const { slots } of this.#updated) for (const slot of slots) slot.tensor.dispose()
    for (const slot of this.#stepSlots) slot.tensor.dispose()
    this.#learningRate.dispose()
    this.#operations.dispose()
  }

  #updateFused(gradients: readonly tf.Tensor[], learningRate: tf.Scalar): void {
    const engine = tf.engine()
    const scalars: tf.NamedTensorMap = { learningRate }
    for (const slot of this.#stepSlots) scalars[slot.name] = slot.tensor
    const attributes = asAttributes({ optimizer: this.#optimizer, program: this.#program })
    const step = engine.runKernel(stepKernel, scalars, attributes) as tf.Tensor
    this.#updated.forEach(({ parameter: { variable }, decayed, slots }, index) => {
      const inputs: tf.NamedTensorMap = {
        parameter: variable,
        gradient: gradients[index] as tf.Tensor,
        step,
      }
      slots.forEach((slot, position) => {
        inputs[`slot${position}`] = slot.tensor
      })
      const elements = decayed ? this.#program.decayed : this.#program.plain
      variable.assign(
        engine.runKernel(updateKernel, inputs, asAttributes({ program: elements })) as tf.Tensor,
      )
    })
  }

  #updateByOperations(gradients: readonly tf.Tensor[], learningRate: tf.Scalar): void {
    const values = new Map<string, tf.Tensor>([['learningRate', learningRate]])
    this.#bringStepSlotsForward(values)
    this.#updated.forEach(({ parameter: { variable }, decayed, slots }, index) => {
      values.set('parameter', variable)
      values.set('gradient', gradients[index] as tf.Tensor)
      for (const slot of slots) values.set(`slot:${slot.name}`, slot.tensor)
      const update = this.#optimizer.update(decayed)
      const terms = [update.parameter, ...slots.map(({ name }) => update.slots[name] as never)]
      const [parameter, ...newSlots] = this.#operations.evaluate(terms, values) as [tf.Tensor, ...tf.Tensor[]]
      variable.assign(parameter)
      slots.forEach((slot, position) => {
        replace(slot, newSlots[position] as tf.Tensor)
      })
    })
  }

  #bringStepSlotsForward(values: Map<string, tf.Tensor>): void {
    for (const slot of this.#stepSlots) values.set(`stepSlot:${slot.name}`, slot.tensor)
    const terms = this.#stepSlots.map(({ name }) => this.#optimizer.stepSlots[name]?.next as never)
    const next = this.#operations.evaluate(terms, values)
    this.#stepSlots.forEach((slot, index) => {
      replace(slot, next[index] as tf.Tensor)
      values.set(`stepSlot:${slot.name}`, slot.tensor)
    })
  }
}

function replace(slot: Slot, tensor: tf.Tensor): void {
  // A rule may leave a slot as it is.
  if (tensor === slot.tensor) return
  slot.tensor.dispose()
  slot.tensor = tf.keep(tensor)
}

function asNamed(name: string, slot: Slot): NamedTensor {
  return { name, read: () => slot.tensor, write: (tensor) => replace(slot, tensor) }
}
