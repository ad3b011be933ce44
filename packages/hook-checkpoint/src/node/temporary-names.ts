import { createHash, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { isAlive, type ProcessIdentity, thisProcess } from './process-identity.ts'

/** The name of a folder in which this process writes a checkpoint: it tells whose it is. */
export async function temporaryName(checkpoint: string): Promise<string> {
  const { pid, started = '0' } = await thisProcess()
  return `.writing-${checkpoint}.${pid}.${started}.${hash(hostname())}.${randomUUID()}`
}

/** The name that a checkpoint gets while it is deleted. */
export function removedName(): string {
  return `.removed-${randomUUID()}`
}

export function isRemoved(name: string): boolean {
  return name.startsWith('.removed-')
}

/** Whether a folder's name is that of one in which a process of this machine wrote that is gone. */
export async function isLeftOver(name: string): Promise<boolean> {
  const writer = writerOf(name)
  return writer !== undefined && !(await isAlive(writer))
}

/** Whether it is that of one in which a process of another machine writes, or wrote. */
export function isOfAnotherMachine(name: string): boolean {
  return pattern.test(name) && writerOf(name) === undefined
}

const pattern = /^\.writing-.+\.(\d+)\.(\d+)\.([0-9a-f]{16})\.[0-9a-f-]{36}$/

function writerOf(name: string): ProcessIdentity | undefined {
  const [, pid, started, host] = pattern.exec(name) ?? []
  if (host !== hash(hostname())) return undefined
  return { host: hostname(), pid: Number(pid), started: started === '0' ? undefined : started }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
