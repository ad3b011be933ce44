import { adam, lion, rmsprop, sgd } from '@hookstep/backend-tfjs'
import { describe, expect, test } from 'vitest'
import { blockRunner, type ElementArrays } from '../src/optimizers/blocks.ts'
import { program } from '../src/optimizers/program.ts'
import { updateModule } from '../src/optimizers/wasm-code.ts'
import { type Memory, webAssembly } from '../src/optimizers/web-assembly.ts'
import { noise } from './sessions.ts'

const optimizers = {
  sgd: sgd({ weightDecay: 0.1 }),
  adam: adam({ weightDecay: 0.1 }),
  lion: lion(),
  rmsprop: rmsprop({ centered: true, momentum: 0.5 }),
}

const memories = {
  'a memory of its own': () => new webAssembly.Memory({ initial: 1 }),
  'a memory that threads share': () => new webAssembly.Memory({ initial: 1, maximum: 65536, shared: true }),
}

/** Five times the arrays, next to each other, with a number between them that must stay as it is. */
function arraysIn(memory: Memory, length: number, slots: number): [ElementArrays, number[]] {
  const guard = 12345
  const stride = length + 1
  const all = new Float32Array(memory.buffer).fill(guard)
  const names = ['parameter', 'gradient', 'step', 'target', ...Array.from({ length: slots }, (_, i) => i)]
  const addresses = names.map((_, index) => 64 + 4 * stride * index)
  const views = addresses.map((address) => all.subarray(address / 4, address / 4 + length))
  views.forEach((view, index) => {
    if (index !== 3) view.set(noise(length, index + 1).map(Math.abs))
  })
  const [parameter, gradient, step, target, ...rest] = views as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  return [{ parameter, gradient, step, target, slots: rest }, addresses]
}

describe.each(Object.entries(memories))('in %s', (_, newMemory) => {
  test.each(
    Object.entries(optimizers).flatMap(([name, optimizer]) =>
      [4, 5, 7, 16, 513].map((length) => [name, length, optimizer] as const),
    ),
  )(
    'generated code for %s on %i elements writes the bits that loops write, and nothing else',
    (_name, length, optimizer) => {
      const { plain, decayed } = program(optimizer)
      for (const elements of [plain, decayed]) {
        const [memory, copy] = [newMemory(), newMemory()]
        const [arrays, addresses] = arraysIn(memory, length, elements.slots.length)
        const [expected] = arraysIn(copy, length, elements.slots.length)
        const isShared = memory.buffer instanceof SharedArrayBuffer
        const bytes = updateModule(elements, isShared ? 65536 : undefined)
        const { exports } = new webAssembly.Instance(new webAssembly.Module(bytes), {
          env: { memory },
        })
        const update = exports.update as (...numbers: number[]) => void
        update(4 * length, ...addresses)
        blockRunner(elements)(expected)
        expect([...arrays.target]).not.toEqual([...arrays.parameter])
        expect(new Int32Array(memory.buffer)).toEqual(new Int32Array(copy.buffer))
      }
    },
  )
})
