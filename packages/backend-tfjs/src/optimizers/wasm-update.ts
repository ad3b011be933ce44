import type * as tf from '@tensorflow/tfjs'
import type { UpdateRunner } from './host-kernels.ts'
import type { ElementProgram } from './program.ts'
import { updateModule } from './wasm-code.ts'
import { type Memory, webAssembly } from './web-assembly.ts'

/** The update of a parameter by generated WebAssembly, in the memory of TensorFlow.js's wasm engine. */
export function wasmUpdate(program: ElementProgram, backend: WasmEngine): UpdateRunner | undefined {
  const update = updateFunction(program, backend)
  if (update === undefined) return undefined
  const address = (tensor: tf.TensorInfo): number => backend.getMemoryOffset(tensor.dataId)
  return (inputs, memory) => {
    const { parameter, gradient, step } = inputs as Record<string, tf.TensorInfo>
    const target = memory.make((parameter as tf.TensorInfo).shape, 'float32')
    const slots = program.slots.map((_, index) => address(inputs[`slot${index}`] as tf.TensorInfo))
    const first = [parameter, gradient, step, target].map((tensor) => address(tensor as tf.TensorInfo))
    update(4 * sizeOf(target), ...first, ...slots)
    return target
  }
}

/** What is used of the engine's backend. */
export interface WasmEngine {
  readonly wasm: Readonly<Record<string, unknown>>
  getMemoryOffset(dataId: object): number
}

/** Takes a length in bytes and addresses: of the parameter, its gradient, the step's numbers, the target, the slots. */
type UpdateFunction = (...lengthAndAddresses: number[]) => void

/** Undefined where the platform has no vector instructions, or the engine's memory is not to be found. */
function updateFunction(program: ElementProgram, { wasm }: WasmEngine): UpdateFunction | undefined {
  const memory = memoryIn(wasm) ?? memoryIn(wasm.asm)
  if (memory === undefined) return undefined
  const bytes = updateModule(program, isShared(memory) ? maximumPages : undefined)
  if (!webAssembly.validate(bytes)) return undefined
  const { exports } = new webAssembly.Instance(new webAssembly.Module(bytes), { env: { memory } })
  return exports.update as UpdateFunction
}

/** What the engine declares for the memory that its threads share: 4 GiB. */
const maximumPages = 65536

function memoryIn(holder: unknown): Memory | undefined {
  const values = Object.values((holder ?? {}) as Record<string, unknown>)
  return values.find((value): value is Memory => value instanceof webAssembly.Memory)
}

function isShared({ buffer }: Memory): boolean {
  return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]'
}

function sizeOf({ shape }: tf.TensorInfo): number {
  return shape.reduce((product, size) => product * size, 1)
}
