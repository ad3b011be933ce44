import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folder } from '../src/node/folder.ts'
import { thisProcess } from '../src/node/process-identity.ts'
import { readCheckpoint } from '../src/reading.ts'
import { writeCheckpoint } from '../src/writing.ts'
import { begun, bundle, kill, output, temporaryFolder } from './processes.ts'
import { facts, runState } from './saved-states.ts'

describe('a folder belongs to one run', () => {
  test('until it is killed: the next takes it over, and removes what it left', async () => {
    const path = await temporaryFolder()
    const program = await bundle('interrupted', await temporaryFolder())
    const child = await begun([program, path, 'takes'])
    const refusal = `process ${child.pid} on ${hostname()} since`
    await expect(folder(path).acquire()).rejects.toThrow(refusal)
    expect(await kinds(path)).toEqual(['.lock', '.writing'])
    await kill(child)
    const release = await folder(path).acquire()
    expect(await kinds(path)).toEqual(['.lock'])
    await release()
    expect(await kinds(path)).toEqual([])
  })

  test('what a process that is alive writes there without having it stays', async () => {
    const path = await temporaryFolder()
    const child = await begun([await bundle('interrupted', await temporaryFolder()), path])
    await (await folder(path).acquire())()
    expect(await kinds(path)).toEqual(['.writing'])
    await kill(child)
    await (await folder(path).acquire())()
    expect(await kinds(path)).toEqual([])
  })

  test('of several that come at once for that of a dead one, one takes it', async () => {
    for (let trial = 0; trial < 8; trial++) {
      const path = await withLock({ boot: 'another' })
      const rivals = await Promise.allSettled(Array.from({ length: 6 }, () => folder(path).acquire()))
      const winners = rivals.filter(({ status }) => status === 'fulfilled')
      expect([winners.length, await kinds(path)]).toEqual([1, ['.lock']])
    }
  })

  test.runIf(existsSync('/proc/self/stat'))(
    'not to a process that has got the number of a dead one',
    async () => {
      const path = await withLock({ started: '1' })
      await expect(folder(path).acquire()).resolves.toBeTypeOf('function')
    },
  )

  test('not to one whose succession was cut short as well', async () => {
    const path = await withLock({ boot: 'another' })
    const lock = await readFile(join(path, '.lock'), 'utf8')
    await writeFile(join(path, `.lock-${JSON.parse(lock).token}`), lock)
    await expect(folder(path).acquire()).resolves.toBeTypeOf('function')
    expect(await kinds(path)).toEqual(['.lock'])
  })

  test.each(['', '{"pid":', '{}', '{"pid":-1,"host":"x","token":"../../x"}'])(
    'not by a lock that says %o',
    async (text) => {
      const path = await temporaryFolder()
      await writeFile(join(path, '.lock'), text)
      await expect(folder(path).acquire()).resolves.toBeTypeOf('function')
    },
  )

  test('of another machine as long as that gives signs of life', async () => {
    const path = await withLock({ host: 'elsewhere' })
    const beating = setInterval(() => utimes(join(path, '.lock'), new Date(), new Date()), 5)
    const refusal = 'on elsewhere since today: stop it, or name another folder'
    await expect(folder(path).acquire()).rejects.toThrow(refusal)
    clearInterval(beating)
  })

  test('of another machine no longer when that gives none, and then it commits nothing any more', async () => {
    const path = await temporaryFolder()
    const slow = folder(path)
    await slow.acquire()
    const lock = JSON.parse(await readFile(join(path, '.lock'), 'utf8'))
    await writeFile(join(path, '.lock'), JSON.stringify({ ...lock, host: 'elsewhere' }))
    await folder(path, { takeOverSeconds: 0.05 }).acquire()
    const saving = writeCheckpoint(slow, runState(), facts)
    await expect(saving).rejects.toThrow('another run has taken the folder over')
    expect(await kinds(path)).toEqual(['.lock'])
  })

  test('what another machine began to write goes after a day', async () => {
    const path = await temporaryFolder()
    const [fresh, old] = [0, 1].map((n) =>
      join(path, `.writing-step-${n}.1.1.${'0'.repeat(16)}.${randomUUID()}`),
    )
    await mkdir(fresh as string)
    await mkdir(old as string)
    await utimes(old as string, 0, 0)
    await (await folder(path).acquire())()
    expect(await readdir(path)).toEqual([fresh?.split('/').at(-1)])
  })
})

describe('a save in a thread of its own', () => {
  const told = 'step-00000200 handed over\n0'

  test('takes the arrays, is whole, and does not keep the process alive', async () => {
    const path = await temporaryFolder()
    expect(await output([await bundle('saving', await temporaryFolder()), path])).toBe(told)
    expect((await readCheckpoint(folder(path), 'step-00000200')).state).toStrictEqual(runState())
  })

  test.each([{ minify: true }, { keepNames: true }, { minify: true, keepNames: true }])(
    'goes on from a bundle with %o',
    async (options) => {
      const path = await temporaryFolder()
      expect(await output([await bundle('saving', await temporaryFolder(), options), path])).toBe(told)
    },
  )

  test('is done in the thread of the run where there may be no other', async () => {
    const path = await temporaryFolder()
    const program = await bundle('saving', await temporaryFolder())
    expect(
      await output([`--import=data:text/javascript,${encodeURIComponent(noThreads)}`, program, path]),
    ).toBe('step-00000200 kept\n0')
    expect((await readCheckpoint(folder(path), 'step-00000200')).state).toStrictEqual(runState())
  })
})

/** Says of threads what a system with too little memory, or without the permission, says. */
const noThreads = `
  import { syncBuiltinESMExports } from 'node:module'
  import threads from 'node:worker_threads'
  threads.Worker = class {
    constructor() {
      throw new Error('no thread can be started')
    }
  }
  syncBuiltinESMExports()
`

/** What is in a folder, without what is made up for each. */
async function kinds(path: string): Promise<string[]> {
  return (await readdir(path)).map((name) => name.split('-')[0] as string).sort()
}

/** A folder that a process like this one has, but for what is said. */
async function withLock(differs: object): Promise<string> {
  const path = await temporaryFolder()
  const owner = { ...(await thisProcess()), token: randomUUID(), since: 'today', ...differs }
  await writeFile(join(path, '.lock'), JSON.stringify(owner))
  return path
}
