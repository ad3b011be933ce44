import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adam, cpu, type TaskFactory } from '@hookstep/backend-tfjs'
import { every, type Hook, type NamedArrays, type NdArray, train } from '@hookstep/catalogue'
import { checkpoint, loadCheckpoint } from '@hookstep/hook-checkpoint/node'
import { arrays, random, Trainer } from '@hookstep/trainer'
import { type Check, Mismatch } from './check.ts'
import type { Python } from './python.ts'

/** A tensor, as somebody reads it. */
interface Read {
  readonly type: string
  readonly shape: readonly number[]
  /** Of its bytes. */
  readonly sha256: string
}

/** By file and by the name of the tensor. */
type Contents = Readonly<Record<string, Readonly<Record<string, Read>>>>

/** The checkpoints of a real run, one of them taken within a step. */
export const safetensors: Check = {
  name: 'safetensors',
  async run(python) {
    const folder = await mkdtemp(join(tmpdir(), 'hookstep-interop-'))
    try {
      await trainIn(folder)
      const read = []
      for (const name of await readdir(folder)) {
        if (name.startsWith('step-')) read.push(await compare(python, folder, name))
      }
      return `${read.length} checkpoints: ${read.join('; ')}`
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

async function trainIn(folder: string): Promise<void> {
  const task: TaskFactory = ({ tf }) => ({
    model: tf.sequential({
      layers: [
        tf.layers.dense({ inputShape: [4], units: 8, activation: 'relu' }),
        tf.layers.batchNormalization(),
        tf.layers.dense({ units: 2 }),
      ],
    }),
    loss: 'meanSquaredError',
    optimizer: adam(),
  })
  const draw = random(0, 'data')
  const numbers = (length: number) => Float32Array.from({ length }, () => draw.next())
  const data = arrays({
    inputs: { data: numbers(80), shape: [20, 4] },
    targets: { data: numbers(40), shape: [20, 2] },
  })
  const withinStep: Hook = {
    name: 'within-step',
    setup: (run) => {
      run.subscribe(train.microbatch.post, ({ step, microbatch }) => {
        if (step === 3 && microbatch === 1) run.save('within a step', { now: true })
      })
    },
  }
  const hooks = [withinStep, checkpoint({ folder, when: every('2 steps'), signals: {} })]
  await using trainer = new Trainer({
    backend: cpu(task),
    data,
    steps: 4,
    batchSize: 5,
    accumulate: 2,
    hooks,
  })
  await trainer.train()
}

async function compare(python: Python, folder: string, name: string): Promise<string> {
  const { session } = await loadCheckpoint(folder, name)
  const { parameters, slots, accumulated = {} } = session
  const written = { parameters, slots, ...(Object.keys(accumulated).length > 0 && { accumulated }) }
  const files = Object.keys(written).map((group) => join(folder, name, `${group}.safetensors`))
  const read = JSON.parse(await python.run('read_safetensors.py', files)) as Contents
  const counts = Object.entries(written).map(([group, tensors], at) => {
    compareTensors(`${name}/${group}.safetensors`, tensors, read[files[at] as string] ?? {})
    return `${Object.keys(tensors).length} ${group}`
  })
  return `${name} with ${counts.join(', ')}`
}

function compareTensors(file: string, written: NamedArrays, read: Readonly<Record<string, Read>>): void {
  const expected = Object.entries(written).map(([name, array]) => [name, described(array)] as const)
  for (const [name, tensor] of expected) {
    const found = read[name]
    if (found !== undefined && JSON.stringify({ ...found }) === JSON.stringify(tensor)) continue
    throw new Mismatch(
      `${file}: "${name}" was written as ${JSON.stringify(tensor)} and read as ${JSON.stringify(found)}`,
    )
  }
  if (Object.keys(read).length !== expected.length) throw new Mismatch(`${file}: more was read than written`)
}

const types = { Float32Array: 'float32', Int32Array: 'int32', Uint8Array: 'uint8' } as const

function described({ data, shape }: NdArray): Read {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const type = types[data.constructor.name as keyof typeof types]
  return { type, shape, sha256: createHash('sha256').update(bytes).digest('hex') }
}
