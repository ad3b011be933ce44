import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folder } from '../src/node/folder.ts'
import { readCheckpoint } from '../src/reading.ts'
import { writeCheckpoint } from '../src/writing.ts'
import { temporaryFolder } from './processes.ts'
import { facts, runState } from './saved-states.ts'

const name = 'step-00000200'

describe('a folder that cannot be had is an error with the remedy', () => {
  test('below a file', async () => {
    const top = await temporaryFolder()
    await writeFile(join(top, 'file'), '')
    const store = folder(join(top, 'file', 'checkpoints'))
    const refusal = `${store.location}: a run cannot save here: a part of the path is a file: name a folder`
    await expect(store.acquire()).rejects.toThrow(refusal)
    await expect(store.create(name)).rejects.toThrow('a part of the path is a file')
    await expect(store.list()).rejects.toThrow('a part of the path is a file')
  })

  // Root may write anywhere.
  test.skipIf(process.getuid?.() === 0)('that this user may not write', async () => {
    const top = await temporaryFolder()
    await chmod(top, 0o500)
    await expect(folder(top).acquire()).rejects.toThrow(`${top}: a run cannot save here: access is denied`)
    await expect(folder(join(top, 'new')).create(name)).rejects.toThrow('access is denied')
  })

  test('below one of the system', async () => {
    await expect(folder('/proc/checkpoints').acquire()).rejects.toThrow(
      '/proc/checkpoints: a run cannot save here',
    )
  })
})

test('a write that fails tells where and why, and the next one goes on', async () => {
  const top = await temporaryFolder()
  const store = folder(top)
  const writer = await store.create(name)
  for (const entry of await readdir(top)) await rm(join(top, entry), { recursive: true })
  const refusal = `${top}: ${name} cannot be saved: ENOENT`
  await expect(writer.write('state.json', [new Uint8Array(1)])).rejects.toThrow(refusal)
  await writer.discard()
  await writeCheckpoint(store, runState(), facts)
  expect(await readdir(top)).toEqual([name])
})

test('what another has saved under the name meanwhile is not written over', async () => {
  const store = folder(await temporaryFolder())
  const writer = await store.create(name)
  await writer.write('manifest.json', [new Uint8Array(1)])
  await writeCheckpoint(store, runState(), facts)
  await expect(writer.commit()).rejects.toThrow('the name is taken')
  expect([await readdir(store.location), await store.list()]).toEqual([[name], [name]])
  expect((await readCheckpoint(store, name)).state).toStrictEqual(runState())
})

describe('in a checkpoint', () => {
  test('a link is refused, wherever it leads', async () => {
    const { store, path } = await saved()
    await rm(join(path, 'state.json'))
    await symlink('/etc/hostname', join(path, 'state.json'))
    await expect(readCheckpoint(store, name)).rejects.toThrow('state.json is not a plain file')
  })

  test('a folder is refused', async () => {
    const { store, path } = await saved()
    await mkdir(join(path, 'more'))
    await expect(readCheckpoint(store, name)).rejects.toThrow('more is not a plain file')
  })

  test('what a system puts there is passed over', async () => {
    const { store, path } = await saved()
    await writeFile(join(path, '.DS_Store'), 'x')
    expect((await readCheckpoint(store, name)).state).toStrictEqual(runState())
  })
})

test('a checkpoint whose removal was interrupted is gone, and goes with the next run', async () => {
  const { store, path } = await saved()
  await rename(path, join(store.location, '.removed-by-a-run-that-was-killed'))
  expect(await store.list()).toEqual([])
  await (await store.acquire())()
  expect(await readdir(store.location)).toEqual([])
})

test('what else lies in the folder is no checkpoint', async () => {
  const { store } = await saved()
  await writeFile(join(store.location, 'notes.txt'), 'x')
  await mkdir(join(store.location, 'empty'))
  await writeCheckpoint(store.within('rank-1'), runState(), facts)
  expect(await store.list()).toEqual([name])
})

async function saved(): Promise<{ store: ReturnType<typeof folder>; path: string }> {
  const store = folder(await temporaryFolder())
  await writeCheckpoint(store, runState(), facts)
  return { store, path: join(store.location, name) }
}
