import { randomUUID } from 'node:crypto'
import { link, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode } from './file-errors.ts'
import { isAlive, type ProcessIdentity, thisProcess } from './process-identity.ts'

/** Who has a lock. */
interface Owner extends ProcessIdentity {
  /** Another one each time. */
  readonly token: string
  readonly since: string
}

/** A folder that this process has. */
export interface Lock {
  /** @throws Error when another machine has taken it over, since this process gave no sign of life. */
  check(): Promise<void>
  release(): Promise<void>
}

/** How often a process that has a lock gives a sign of life, for other machines: its file's time. */
const beatMs = 5000

/**
 * Takes a folder for this process, also from a process that is gone.
 *
 * @param patienceMs milliseconds without a sign of life after which a process of another machine counts as gone.
 * @throws Error when a process that is alive has it, saying which.
 */
export async function lock(folder: string, patienceMs: number): Promise<Lock> {
  const path = join(folder, '.lock')
  const owner: Owner = { ...(await thisProcess()), token: randomUUID(), since: new Date().toISOString() }
  await take(path, owner, patienceMs)
  await removeRemains(folder)
  const isMine = async (): Promise<boolean> => (await ownerOf(path))?.token === owner.token
  const beating = setInterval(() => utimes(path, new Date(), new Date()).catch(() => {}), beatMs).unref()
  return {
    async check() {
      if (await isMine()) return
      throw new Error(
        'another run has taken the folder over, since this process gave no sign of life for long',
      )
    },
    async release() {
      clearInterval(beating)
      if (await isMine()) await rm(path, { force: true })
    },
  }
}

/**
 * A lock is a file that appears at once and as a whole: exactly one process can make it. From a process that is gone it
 * is taken over by whoever gets the lock on its succession, made the same way: so of several that come at the same time one
 * takes it over, and none takes away what another has just got.
 */
async function take(path: string, owner: Owner, patienceMs: number): Promise<void> {
  while (!(await appears(path, owner))) {
    const present = await ownerOf(path)
    if (present === undefined) continue
    const isThere = isOfThisMachine(present) ? await isAlive(present) : await beats(path, patienceMs)
    if (isThere) throw taken(present)
    if (await succeeds(path, present, owner, patienceMs)) return
  }
}

function isOfThisMachine({ host }: Owner): boolean {
  return host === hostname()
}

/**
 * Whether whoever has a lock gives signs of life: its file's time is seen to change, or the file to go. Two looks at one
 * clock, so that it does not matter whether the machines' clocks agree.
 */
async function beats(path: string, patienceMs: number): Promise<boolean> {
  const began = performance.now()
  const first = await timeOf(path)
  while (first !== undefined && performance.now() - began < patienceMs) {
    await sleep(Math.min(1000, patienceMs / 10))
    if ((await timeOf(path)) !== first) return true
  }
  return false
}

async function timeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs
}

async function succeeds(path: string, gone: Owner, owner: Owner, patienceMs: number): Promise<boolean> {
  const succession = `${path}-${gone.token}`
  await take(succession, owner, patienceMs)
  try {
    // Another may have succeeded, and given up the succession, before this one got it.
    if ((await ownerOf(path))?.token !== gone.token) return false
    await withFile(path, owner, (file) => rename(file, path))
    return true
  } finally {
    await rm(succession, { force: true })
  }
}

/** Makes the lock's file. @returns whether there was none. */
async function appears(path: string, owner: Owner): Promise<boolean> {
  try {
    await withFile(path, owner, (file) => link(file, path))
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    if (hasCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS')) return appearsWithoutLink(path, owner)
    throw error
  }
}

/** Where a file system knows no links, such as exFAT: it appears at once, but not for certain as a whole. */
async function appearsWithoutLink(path: string, owner: Owner): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(owner), { flag: 'wx' })
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

/** A file that names the owner, under a name of its own, for as long as `use` takes. */
async function withFile<Result>(
  path: string,
  owner: Owner,
  use: (file: string) => Promise<Result>,
): Promise<Result> {
  const file = `${path}-${randomUUID()}.tmp`
  try {
    await writeFile(file, JSON.stringify(owner), { flag: 'wx' })
    return await use(file)
  } finally {
    await rm(file, { force: true })
  }
}

/** Removes what processes have left that were killed while they took the lock: whoever has it may do so, nobody else. */
async function removeRemains(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.lock-')) continue
    const owner = await ownerOf(join(folder, name))
    // One that names nobody may be another's, who is just writing it.
    if (owner === undefined || owner === nobody || (await isAlive(owner))) continue
    await rm(join(folder, name), { force: true })
  }
}

/** Who has a lock, `undefined` where nobody has. */
async function ownerOf(path: string): Promise<Owner | undefined> {
  try {
    const owner: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isOwner(owner) ? owner : nobody
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    if (error instanceof SyntaxError) return nobody
    throw error
  }
}

/** Of a lock that a power failure has cut short: of a start of the machine that never was. */
const nobody: Owner = { token: 'nobody', since: '', host: hostname(), pid: process.pid, boot: 'none' }

function isOwner(value: unknown): value is Owner {
  const { token, host, pid } = (value ?? {}) as Partial<Owner>
  // The token becomes part of a path, the number a signal's address.
  const isToken = typeof token === 'string' && /^[0-9a-f-]{36}$/.test(token)
  return isToken && typeof host === 'string' && Number.isSafeInteger(pid) && Number(pid) > 0
}

function taken(present: Owner): Error {
  const { pid, host, since } = present
  const who = pid === process.pid && isOfThisMachine(present) ? 'this process' : `process ${pid} on ${host}`
  return new Error(`another run saves here, ${who} since ${since}: stop it, or name another folder`)
}
