import type * as tf from '@tensorflow/tfjs'

/** Work with the wasm engine's memory below its tensors: parts of float32 tensors without copies. */
export interface MemoryViews {
  /** A tensor to be filled. */
  make(shape: number[]): tf.TensorInfo
  /** A part of a tensor, `start` elements from its beginning. It must be forgotten while the tensor lives. */
  part(tensor: tf.TensorInfo, start: number, shape: number[]): tf.TensorInfo
  forget(part: tf.TensorInfo): void
  /** Copies all of a tensor to another, `start` elements from that one's beginning. */
  copy(from: tf.TensorInfo, to: tf.TensorInfo, start: number): void
  release(tensor: tf.TensorInfo): void
}

/** What is used of the engine's backend. */
interface WasmBackend {
  dataIdNextNumber: number
  readonly dataIdMap: {
    get(dataId: object): { readonly memoryOffset: number; readonly id: number }
    set(dataId: object, data: object): void
    delete(dataId: object): void
  }
  readonly wasm: {
    readonly HEAPF32: Float32Array
    readonly tfjs: {
      registerTensor(id: number, size: number, memoryOffset: number): void
      disposeData(id: number): void
    }
  }
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo
  disposeData(dataId: object): void
}

export function viewsOf(backend: unknown): MemoryViews {
  const engine = backend as WasmBackend
  const offset = ({ dataId }: tf.TensorInfo): number => engine.dataIdMap.get(dataId).memoryOffset
  const size = ({ shape }: tf.TensorInfo): number => shape.reduce((product, length) => product * length, 1)
  return {
    make: (shape) => engine.makeOutput(shape, 'float32'),
    part(tensor, start, shape) {
      const id = engine.dataIdNextNumber++
      const part = { dataId: { id }, shape, dtype: 'float32' as const }
      const memoryOffset = offset(tensor) + 4 * start
      engine.dataIdMap.set(part.dataId, { id, memoryOffset, shape, dtype: 'float32', refCount: 1 })
      engine.wasm.tfjs.registerTensor(id, size(part), memoryOffset)
      return part
    },
    forget({ dataId }) {
      engine.wasm.tfjs.disposeData(engine.dataIdMap.get(dataId).id)
      engine.dataIdMap.delete(dataId)
    },
    copy(from, to, start) {
      const begin = offset(from) / 4
      engine.wasm.HEAPF32.copyWithin(offset(to) / 4 + start, begin, begin + size(from))
    },
    release: ({ dataId }) => engine.disposeData(dataId),
  }
}
