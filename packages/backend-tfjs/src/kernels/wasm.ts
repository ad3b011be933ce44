import type { HostMemory } from '../host-memory.ts'
import {
  depthwiseFilterGradient,
  depthwiseInputGradient,
  filterGradient,
  inputGradient,
} from './convolution-gradients.ts'
import { einsum } from './einsum.ts'
import { matrixProduct } from './matrix-product.ts'
import { oneHot } from './one-hot.ts'
import { averagePoolGradient, maximumPoolGradient } from './pooling-gradients.ts'
import { addComposed, addNative, composed, replaceKernel } from './registration.ts'
import { segmentSum } from './segment-sum.ts'
import { volumeFilterGradient, volumeGradient } from './volume-gradients.ts'

/** Completes the wasm engine: kernels that training needs and it lacks, and some that it has, but slow or wrong. */
export function completeWasm(memoryOf: (backend: unknown) => HostMemory): void {
  addComposed('wasm', 'Conv2DBackpropFilter', filterGradient)
  addComposed('wasm', 'DepthwiseConv2dNativeBackpropFilter', depthwiseFilterGradient)
  addComposed('wasm', 'DepthwiseConv2dNativeBackpropInput', depthwiseInputGradient)
  addComposed('wasm', 'Einsum', einsum)
  addNative('wasm', 'UnsortedSegmentSum', segmentSum(memoryOf))
  replaceKernel('wasm', 'BatchMatMul', matrixProduct)
  replaceKernel('wasm', 'Conv2DBackpropInput', inputGradient)
  replaceKernel('wasm', 'MaxPoolGrad', () => maximumPoolGradient(memoryOf))
  replaceKernel('wasm', 'AvgPoolGrad', () => averagePoolGradient(memoryOf))
  replaceKernel('wasm', 'OneHot', oneHot)
  replaceKernel('wasm', 'Conv3DBackpropInputV2', () => composed(volumeGradient))
  replaceKernel('wasm', 'Conv3DBackpropFilterV2', () => composed(volumeFilterGradient))
}
