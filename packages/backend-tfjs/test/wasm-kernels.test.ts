import { sgd, type TaskFactory } from '@hookstep/backend-tfjs'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { engineNames, noise, withSession } from './sessions.ts'

/** Opening a session is what completes an engine. */
beforeAll(async () => {
  const task: TaskFactory = ({ tf }) => ({
    parameters: { w: tf.zeros([1]) },
    forward: ({ w }) => w as tf.Tensor,
    loss: 'meanSquaredError',
    optimizer: sgd(),
  })
  for (const engine of engineNames) await withSession(engine, task, () => {})
})

let tensorsBefore = 0
afterEach(() => {
  expect(tf.memory().numTensors, 'tensors left behind').toBe(tensorsBefore)
})

/** The results of a computation on both engines are the same, up to the order of additions. */
async function expectSame(compute: () => tf.Tensor | tf.Tensor[], tolerance: number = 1e-4): Promise<void> {
  const results: Result[][] = []
  tensorsBefore = tf.memory().numTensors
  for (const engine of ['cpu', 'wasm']) {
    await tf.setBackend(engine)
    const tensors = [tf.tidy(compute)].flat()
    results.push(
      tensors.map((tensor) => ({ shape: tensor.shape, dtype: tensor.dtype, data: numbers(tensor) })),
    )
    tf.dispose(tensors)
  }
  const [expected = [], actual = []] = results
  expect(actual.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
    expected.map(({ shape, dtype }) => ({ shape, dtype })),
  )
  expected.forEach(({ data }, at) => {
    const scale = Math.max(1e-3, ...Array.from(data, Math.abs))
    const difference = Math.max(
      0,
      ...Array.from(data, (value, i) => Math.abs(value - (actual[at]?.data[i] as number))),
    )
    expect(difference / scale).toBeLessThan(tolerance)
    expect(scale, 'a result of zeros shows nothing').toBeGreaterThan(1e-3)
  })
}

interface Result {
  readonly shape: number[]
  readonly dtype: string
  readonly data: ArrayLike<number>
}

function numbers(tensor: tf.Tensor): ArrayLike<number> {
  return tensor.dataSync() as Float32Array
}

function tensor(shape: number[], seed?: number): tf.Tensor {
  return tf.tensor(noise(tf.util.sizeFromShape(shape), seed), shape)
}

/** The gradients by all arguments, of a sum that weights every output differently. */
function gradients(f: (...x: tf.Tensor[]) => tf.Tensor, ...x: tf.Tensor[]): tf.Tensor[] {
  const weights = tensor(tf.tidy(() => f(...x)).shape, 99)
  return tf.grads((...x) => tf.sum(tf.mul(f(...x), weights)))(x)
}

type Strides = [number, number]
type Pad = 'valid' | 'same' | number

const convolutions: [image: number[], filter: number[], Strides, Pad][] = [
  [[2, 6, 6, 3], [3, 3, 3, 4], [1, 1], 'valid'],
  [[2, 6, 6, 3], [3, 3, 3, 4], [1, 1], 'same'],
  [[3, 7, 5, 2], [2, 3, 2, 5], [1, 1], 'same'],
  [[2, 8, 8, 3], [3, 3, 3, 4], [2, 2], 'valid'],
  [[2, 8, 7, 3], [3, 3, 3, 4], [2, 2], 'same'],
  [[2, 9, 9, 1], [5, 5, 1, 4], [3, 2], 'same'],
  [[2, 9, 8, 2], [2, 2, 2, 3], [3, 3], 'valid'],
  [[1, 5, 5, 2], [1, 1, 2, 6], [1, 1], 'valid'],
  [[2, 7, 7, 2], [1, 1, 2, 3], [2, 2], 'same'],
  [[2, 6, 6, 3], [3, 3, 3, 4], [1, 1], 1],
  [[2, 7, 7, 3], [3, 3, 3, 2], [2, 2], 2],
  [[2, 4, 4, 2], [4, 4, 2, 3], [1, 1], 'valid'],
  [[2, 5, 6, 2], [1, 1, 2, 3], [1, 1], 2],
]

describe('convolutions', () => {
  test.each(convolutions)(
    'image %j, filter %j, strides %j, padding %s',
    async (image, filter, strides, pad) => {
      await expectSame(() => {
        const arguments_ = [tensor(image), tensor(filter, 2)]
        return gradients((x, f) => tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, strides, pad), ...arguments_)
      })
    },
  )

  test.each(convolutions)(
    'transposed: image %j, filter %j, strides %j, padding %s',
    async (image, filter, strides, pad) => {
      if (typeof pad === 'number') return
      const info = tf.backend_util.computeConv2DInfo(image as never, filter as never, strides, 1, pad)
      await expectSame(() => {
        const arguments_ = [tensor(info.outShape), tensor(filter, 2)]
        const f = (x: tf.Tensor, f: tf.Tensor): tf.Tensor =>
          tf.conv2dTranspose(x as tf.Tensor4D, f as tf.Tensor4D, image as never, strides, pad)
        return [f(...(arguments_ as [tf.Tensor, tf.Tensor])), ...gradients(f as never, ...arguments_)]
      })
    },
  )

  test.each(convolutions)(
    'depthwise: image %j, filter %j, strides %j, padding %s',
    async (image, [height = 1, width = 1, channels = 1, outputs = 1], strides, pad) => {
      if (pad === 2 && height === 1) return
      const filter = [height, width, channels, 1 + (outputs % 3)]
      await expectSame(() =>
        gradients(
          (x, f) => tf.depthwiseConv2d(x as tf.Tensor4D, f as tf.Tensor4D, strides, pad),
          tensor(image),
          tensor(filter, 2),
        ),
      )
    },
  )

  // The cpu engine forgets the dilation in these gradients. What holds for any linear map must hold here.
  test.each([
    [[3, 3, 2, 2], 'same', 2],
    [[3, 2, 2, 1], 'valid', 3],
  ] as const)('depthwise: filter %j, padding %s, dilation %i', async (shape, pad, dilation) => {
    await tf.setBackend('wasm')
    tensorsBefore = tf.memory().numTensors
    const [sum, byImage, byFilter] = tf.tidy(() => {
      const [x, f] = [tensor([2, 9, 9, 2]) as tf.Tensor4D, tensor([...shape], 2) as tf.Tensor4D]
      const y = tf.depthwiseConv2d(x, f, 1, pad, 'NHWC', dilation)
      const dy = tensor(y.shape, 3) as tf.Tensor4D
      const attributes = { strides: 1, pad, dilations: [dilation, dilation] }
      const run = (kernel: string, inputs: tf.NamedTensorMap, shape: object): tf.Tensor =>
        tf.engine().runKernel(kernel, inputs, { ...attributes, ...shape } as never) as tf.Tensor
      const dx = run('DepthwiseConv2dNativeBackpropInput', { dy, filter: f }, { inputShape: x.shape })
      const df = run('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { filterShape: f.shape })
      const inner = (a: tf.Tensor, b: tf.Tensor): number => tf.sum(tf.mul(a, b)).dataSync()[0] as number
      return [inner(y, dy), inner(x, dx), inner(f, df)] as number[]
    }) as number[]
    expect(byImage).toBeCloseTo(sum as number, 3)
    expect(byFilter).toBeCloseTo(sum as number, 3)
  })
})

const volumes: [volume: number[], filter: number[], number, 'valid' | 'same'][] = [
  [[2, 4, 4, 5, 2], [2, 2, 2, 2, 3], 1, 'valid'],
  [[2, 4, 4, 5, 2], [3, 2, 3, 2, 3], 1, 'same'],
  [[2, 5, 4, 4, 2], [3, 2, 2, 2, 2], 2, 'same'],
  [[2, 6, 5, 4, 1], [2, 2, 2, 1, 2], 2, 'valid'],
]

test.each(volumes)('volume %j, filter %j, strides %j, padding %s', async (volume, filter, strides, pad) => {
  await expectSame(() =>
    gradients(
      (x, f) => tf.conv3d(x as tf.Tensor5D, f as tf.Tensor5D, strides, pad),
      tensor(volume),
      tensor(filter, 2),
    ),
  )
})

describe('products of matrices', () => {
  const sizes: [batchA: number[], batchB: number[], m: number, k: number, n: number][] = [
    [[], [], 5, 7, 3],
    [[], [], 1, 64, 10],
    [[], [], 33, 1, 2],
    [[3], [3], 4, 5, 6],
    [[3], [1], 4, 5, 6],
    [[1], [3], 4, 5, 6],
    [[2, 3], [2, 3], 4, 2, 5],
    [[4], [], 3, 2, 5],
    [[3], [3], 16, 17, 18],
    [[2, 2], [2, 2], 32, 16, 24],
    [[2], [1], 16, 17, 18],
  ]
  const transposes: [boolean, boolean][] = [
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ]
  test.each(sizes.flatMap((size) => transposes.map((turns) => [...size, ...turns] as const)))(
    'batches %j and %j of [%i, %i, %i], transposed: %s, %s',
    async (batchA, batchB, m, k, n, transposeA, transposeB) => {
      await expectSame(() => {
        const a = tensor([...batchA, ...(transposeA ? [k, m] : [m, k])])
        const b = tensor([...batchB, ...(transposeB ? [n, k] : [k, n])], 2)
        return tf.matMul(a, b, transposeA, transposeB)
      })
    },
  )

  test('and their gradients', async () => {
    await expectSame(() =>
      gradients((a, b) => tf.matMul(a as never, b as never), tensor([9, 4]), tensor([4, 6], 2)),
    )
  })
})

describe('pooling', () => {
  const poolings: [image: number[], size: Strides, Strides, Pad][] = [
    [[2, 6, 6, 3], [2, 2], [2, 2], 'valid'],
    [[2, 7, 7, 3], [2, 2], [2, 2], 'same'],
    [[2, 7, 6, 2], [3, 2], [1, 2], 'same'],
    [[2, 6, 6, 2], [3, 3], [2, 2], 1],
    [[1, 5, 5, 1], [5, 5], [1, 1], 'valid'],
  ]
  test.each(poolings)(
    'largest: image %j, window %j, strides %j, padding %s',
    async (image, size, strides, pad) => {
      await expectSame(() =>
        gradients((x) => tf.maxPool(x as tf.Tensor4D, size, strides, pad), tensor(image)),
      )
    },
  )

  test.each(poolings)(
    'average: image %j, window %j, strides %j, padding %s',
    async (image, size, strides, pad) => {
      await expectSame(() =>
        gradients((x) => tf.avgPool(x as tf.Tensor4D, size, strides, pad), tensor(image)),
      )
    },
  )

  test('the first of equal pixels gets the gradient', async () => {
    await expectSame(() =>
      gradients((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'), tf.ones([1, 4, 4, 2])),
    )
  })
})

describe('sums by segment', () => {
  test.each([[[5]], [[5, 6]], [[5, 2, 3]]])('rows of %j', async (shape) => {
    await expectSame(() => tf.unsortedSegmentSum(tensor(shape), tf.tensor1d([0, 2, 2, 0, 3], 'int32'), 4))
  })

  test('of whole numbers stay whole', async () => {
    await tf.setBackend('wasm')
    tensorsBefore = tf.memory().numTensors
    const sums = tf.tidy(() =>
      tf.unsortedSegmentSum(tf.tensor1d([1, 20, 300], 'int32'), tf.tensor1d([1, 0, 1], 'int32'), 2),
    )
    expect([sums.dtype, ...sums.dataSync()]).toEqual(['int32', 20, 301])
    sums.dispose()
  })

  test('leaves negative ids out', async () => {
    await expectSame(() => tf.unsortedSegmentSum(tensor([4, 2]), tf.tensor1d([0, -1, 1, 0], 'int32'), 2))
  })

  test.each([0, 1])('the gradient of a gather along axis %i', async (axis) => {
    const indices = [2, 0, 2, 1, 2]
    await expectSame(() =>
      gradients((x) => tf.gather(x, tf.tensor1d(indices, 'int32'), axis), tensor([4, 3, 2])),
    )
  })
})

test.each([
  ['ab,bc->ac', [2, 3], [3, 4]],
  ['ab,bc->ca', [2, 3], [3, 4]],
  ['abc,cde->abde', [2, 3, 4], [4, 5, 2]],
  ['aecd,abcd->acbe', [2, 3, 4, 5], [2, 6, 4, 5]],
  ['acbe,aecd->abcd', [2, 4, 6, 3], [2, 3, 4, 5]],
  ['a,b->ab', [3], [4]],
  ['ab,ab->ab', [3, 4], [3, 4]],
  ['abd,bc->ca', [2, 3, 5], [3, 4]],
  ['a,a->', [6], [6]],
])('einsum %s of %j and %j', async (equation, a, b) => {
  await expectSame(() => tf.einsum(equation, tensor(a), tensor(b, 2)))
})

test.each([
  ['ab->ba', [2, 3]],
  ['ab->a', [2, 3]],
  ['abc->cb', [2, 3, 4]],
])('einsum %s of %j', async (equation, a) => {
  await expectSame(() => tf.einsum(equation, tensor(a)))
})

test.each([
  [[2, 4, 4, 2], [8, 8], false],
  [[3, 5, 3, 1], [7, 9], false],
  [[2, 5, 4, 2], [3, 9], true],
  [[2, 5, 4, 2], [1, 1], false],
] as const)(
  'images %j resized to %j by the nearest pixel, aligned: %s',
  async (shape, size, alignCorners) => {
    await expectSame(() =>
      gradients(
        (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [...size], alignCorners),
        tensor([...shape]),
      ),
    )
  },
)

test.each(['float32', 'int32', 'bool'] as const)('oneHot of type %s', async (dtype) => {
  await expectSame(() => tf.oneHot(tf.tensor1d([1, 0, 2], 'int32'), 4, 1, 0, dtype))
})
