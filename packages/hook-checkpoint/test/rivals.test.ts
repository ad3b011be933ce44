import { chmod, chown, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { folder } from '@hookstep/hook-checkpoint/node'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { readCheckpoint } from '../src/reading.ts'
import { before, newest, Origin, oldest, resumed } from './damage/place.ts'
import { begun, bundle, kill, output, temporaryFolder } from './processes.ts'
import { failure } from './runs.ts'

let origin: Origin

beforeAll(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  origin = await Origin.make()
  return () => origin.remove()
})

describe.skipIf(process.platform === 'win32')('as a user who is not root', () => {
  test('in a folder that may not be written no run begins', async () => {
    const path = await origin.copy()
    await chmod(path, 0o555)
    const refusal = `${path}: a run cannot save here: access is denied: give this user the right, or name another folder`
    expect(await asSomebody(path, 'root')).toContain(refusal)
  })

  test('a checkpoint with a file that may not be read is refused, and the one before it used', async () => {
    const path = await origin.copy()
    await chmod(join(path, newest, 'slots.safetensors'), 0)
    expect(await asSomebody(path, 'somebody')).toMatch(
      `8 ${newest} ${path}: ${newest} cannot be read: access is denied`,
    )
  })
})

test('where another process saves, a run does not begin, and changes nothing; once that is killed it does', async () => {
  const path = await origin.copy()
  const child = await begun([await bundle('interrupted', await temporaryFolder()), path, 'takes'])
  const files = await namesIn(path)
  expect(await failure(resumed(path))).toContain(`another run saves here, process ${child.pid}`)
  expect(await namesIn(path)).toEqual(files)
  await kill(child)
  expect(await resumed(path)).toMatchObject({ from: 9, refused: [], learned: origin.learned })
  expect(await namesIn(path)).toEqual([oldest, before, newest])
})

test('two processes that save in one folder at once mix nothing', async () => {
  const path = await temporaryFolder()
  const program = await bundle('rival', await temporaryFolder())
  const outputs = await Promise.all([1, 2].map((number) => output([program, path, String(number)])))
  const saved = outputs.flatMap((text, index) => {
    const names = text.split('\n')
    expect(names.pop()).toBe('0')
    return names.map((name) => `${name} by ${index + 1}`)
  })
  const found = await Promise.all((await folder(path).list()).map((name) => savedBy(path, name)))
  console.log(`two processes saved ${found.length} checkpoints in one folder`)
  expect(found.sort()).toEqual(saved.sort())
  expect(await namesIn(path)).toEqual((await folder(path).list()).toSorted())
})

async function savedBy(path: string, name: string): Promise<string> {
  const { state } = await readCheckpoint(folder(path), name)
  if (!('session' in state)) throw new Error(`${name} is of an inference`)
  const { parameters, slots } = state.session
  const numbers = new Set([
    state.seed,
    ...[parameters, slots].flatMap(({ weights }) => [...(weights?.data ?? [])]),
  ])
  return `${name} by ${[...numbers]}`
}

async function namesIn(path: string): Promise<string[]> {
  return (await readdir(path)).sort()
}

const nobody = 65534

/** Goes on in a folder, as a child that is not root. `owner`: whose the folder is then. @returns what it tells. */
async function asSomebody(path: string, owner: 'root' | 'somebody'): Promise<string> {
  const program = await bundle('resuming', await temporaryFolder())
  if (process.getuid?.() !== 0) return output([program, path])
  await openToAll(dirname(program), dirname(path))
  if (owner === 'somebody') await chownAll(path)
  return output([program, path], { uid: nobody, gid: nobody })
}

async function openToAll(...folders: readonly string[]): Promise<void> {
  for (const folder of folders) await chmod(folder, 0o755)
}

async function chownAll(path: string): Promise<void> {
  await chown(path, nobody, nobody)
  for (const name of await readdir(path, { recursive: true })) await chown(join(path, name), nobody, nobody)
}
