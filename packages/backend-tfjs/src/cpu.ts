import type { Backend } from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import { tfjs } from './backend.ts'
import type { HostMemory } from './host-memory.ts'
import { addCrossEntropy } from './kernels/cross-entropy.ts'
import { replaceKernel } from './kernels/registration.ts'
import { nearestPixelGradient } from './kernels/resizing-gradient.ts'
import { registerHostKernels } from './optimizers/host-kernels.ts'
import type { TaskDefinition, TaskFactory } from './task.ts'

/**
 * The engine in plain JavaScript: runs everywhere, has every operation, and is the slowest. Its readings
 * are immediate and its results the same bits on every machine of the same JavaScript engine.
 */
export function cpu(task: TaskFactory | TaskDefinition): Backend {
  return tfjs(task, { engine: 'cpu', prepare })
}

function prepare(): void {
  // Or it greets every program on the error stream, once.
  ;(tf.findBackend('cpu') as unknown as { firstUse: boolean }).firstUse = false
  registerHostKernels('cpu', memoryOf)
  addCrossEntropy('cpu', memoryOf)
  replaceKernel('cpu', 'ResizeNearestNeighborGrad', () => nearestPixelGradient(memoryOf))
}

/** What is used of the engine's backend. */
interface CpuBackend {
  readonly data: { get(dataId: object): { values: Float32Array | Int32Array } }
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: ArrayBufferView): tf.TensorInfo
}

function memoryOf(backend: unknown): HostMemory {
  const engine = backend as CpuBackend
  return {
    view: ({ dataId }) => engine.data.get(dataId).values,
    make: (shape, dtype) => {
      const size = tf.util.sizeFromShape(shape)
      return engine.makeTensorInfo(shape, dtype, tf.util.getTypedArrayFromDType(dtype as 'float32', size))
    },
  }
}
