import { expect, test } from 'vitest'
import { ahead } from '../../src/s3/ahead.ts'

test('so many tasks are under way at once, and give what they give in their order', async () => {
  const log: string[] = []
  const task = (name: string, turns: number) => async () => {
    log.push(`${name} begins`)
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    return name
  }
  for await (const name of ahead([task('a', 9), task('b', 1), task('c', 5)], 2)) log.push(`${name} is taken`)
  expect(log).toEqual(['a begins', 'b begins', 'a is taken', 'c begins', 'b is taken', 'c is taken'])
})

test('a task that fails is thrown in its turn, when no other is under way any more', async () => {
  const log: string[] = []
  const slow = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    log.push('the slow one has ended')
  }
  const failing = (): Promise<void> => Promise.reject(new Error('refused'))
  const never = (): Promise<void> => {
    log.push('one too many')
    return Promise.resolve()
  }
  const run = async (): Promise<void> => {
    for await (const _ of ahead([failing, slow, never], 2));
  }
  await run().catch((error: Error) => log.push(error.message))
  expect(log).toEqual(['the slow one has ended', 'refused'])
})
