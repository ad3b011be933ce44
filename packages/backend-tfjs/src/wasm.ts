import type { Backend } from '@hookstep/trainer'
import type * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { tfjs } from './backend.ts'
import type { HostMemory } from './host-memory.ts'
import { addCrossEntropy } from './kernels/cross-entropy.ts'
import { completeWasm } from './kernels/wasm.ts'
import { registerHostKernels } from './optimizers/host-kernels.ts'
import { type WasmEngine, wasmUpdate } from './optimizers/wasm-update.ts'
import type { TaskDefinition, TaskFactory } from './task.ts'

/** The engine in WebAssembly: one thread in Node. Its readings are immediate. */
export function wasm(task: TaskFactory | TaskDefinition): Backend {
  return tfjs(task, { engine: 'wasm', prepare, readsCopies: true })
}

function prepare(): void {
  registerHostKernels('wasm', memoryOf, (program, backend) => wasmUpdate(program, backend as WasmEngine))
  addCrossEntropy('wasm', memoryOf)
  completeWasm(memoryOf)
}

/** What is used of the engine's backend. */
interface WasmBackend {
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array | Int32Array
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo
}

function memoryOf(backend: unknown): HostMemory {
  const engine = backend as WasmBackend
  return {
    view: (tensor) => engine.typedArrayFromHeap(tensor),
    make: (shape, dtype) => engine.makeOutput(shape, dtype),
  }
}
