import * as tf from '@tensorflow/tfjs'
import type { HostMemory } from '../host-memory.ts'
import { blockRunner, type ElementArrays } from './blocks.ts'
import { asFunction } from './fold.ts'
import { type StepAttributes, stepKernel, type UpdateAttributes, updateKernel } from './kernels.ts'
import type { ElementProgram, Program } from './program.ts'

/** Registers the kernels of updates for an engine, by loops over its memory where nothing is faster. */
export function registerHostKernels(
  engine: string,
  memoryOf: (backend: unknown) => HostMemory,
  fasterUpdate: (program: ElementProgram, backend: unknown) => UpdateRunner | undefined = () => undefined,
): void {
  const runners = new WeakMap<ElementProgram, UpdateRunner>()
  register(engine, stepKernel, ({ inputs, attrs, backend }) =>
    beginStep(inputs, attrs as unknown as StepAttributes, memoryOf(backend)),
  )
  register(engine, updateKernel, ({ inputs, attrs, backend }) => {
    const { program } = attrs as unknown as UpdateAttributes
    const run = runners.get(program) ?? fasterUpdate(program, backend) ?? blockUpdate(program)
    runners.set(program, run)
    return run(inputs, memoryOf(backend))
  })
}

/** Updates a parameter: inputs and output as {@link updateKernel} says. */
export type UpdateRunner = (inputs: tf.NamedTensorInfoMap, memory: HostMemory) => tf.TensorInfo

/** A kernel's function as TensorFlow.js calls it. */
type Kernel = (call: {
  inputs: tf.NamedTensorInfoMap
  attrs?: tf.NamedAttrMap
  backend: unknown
}) => tf.TensorInfo

function register(backendName: string, kernelName: string, kernelFunc: Kernel): void {
  if (tf.getKernel(kernelName, backendName)) return
  tf.registerKernel({ kernelName, backendName, kernelFunc: kernelFunc as unknown as tf.KernelFunc })
}

function beginStep(
  inputs: tf.NamedTensorInfoMap,
  { optimizer, program }: StepAttributes,
  memory: HostMemory,
): tf.TensorInfo {
  const output = memory.make([program.stepTerms.length], 'float32')
  const numberOf = (name: string): number => memory.view(inputs[name] as tf.TensorInfo)[0] as number
  const values = new Map([['learningRate', numberOf('learningRate')]])
  for (const name of Object.keys(optimizer.stepSlots)) values.set(`stepSlot:${name}`, numberOf(name))
  const functions = stepFunctions(program, optimizer)
  const next = functions.slots.map(([name, compute]) => [name, compute(values)] as const)
  for (const [name, value] of next) {
    values.set(`stepSlot:${name}`, value)
    memory.view(inputs[name] as tf.TensorInfo)[0] = value
  }
  memory.view(output).set(functions.numbers.map((compute) => compute(values)))
  return output
}

type StepFunction = (values: ReadonlyMap<string, number>) => number

interface StepFunctions {
  readonly slots: readonly (readonly [string, StepFunction])[]
  readonly numbers: readonly StepFunction[]
}

const stepFunctionsOf = new WeakMap<Program, StepFunctions>()

function stepFunctions(program: Program, { stepSlots }: StepAttributes['optimizer']): StepFunctions {
  const known = stepFunctionsOf.get(program)
  if (known !== undefined) return known
  const made = {
    slots: Object.entries(stepSlots).map(([name, { next }]) => [name, asFunction(next)] as const),
    numbers: program.stepTerms.map(asFunction),
  }
  stepFunctionsOf.set(program, made)
  return made
}

function blockUpdate(program: ElementProgram): UpdateRunner {
  const run = blockRunner(program)
  return (inputs, memory) => {
    const output = memory.make((inputs.parameter as tf.TensorInfo).shape, 'float32')
    run(elementArrays(program, inputs, output, memory))
    return output
  }
}

function elementArrays(
  program: ElementProgram,
  inputs: tf.NamedTensorInfoMap,
  output: tf.TensorInfo,
  memory: HostMemory,
): ElementArrays {
  const view = (name: string): Float32Array => memory.view(inputs[name] as tf.TensorInfo) as Float32Array
  return {
    parameter: view('parameter'),
    gradient: view('gradient'),
    step: view('step'),
    slots: program.slots.map((_, index) => view(`slot${index}`)),
    target: memory.view(output) as Float32Array,
  }
}
