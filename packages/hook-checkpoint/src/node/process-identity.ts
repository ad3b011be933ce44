import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'

/** A process, told apart from one that got the same number later. */
export interface ProcessIdentity {
  readonly host: string
  readonly pid: number
  /** Of the machine's start, where the system tells: a process from before it is gone. */
  readonly boot?: string | undefined
  /** When the process began, in the system's ticks since the machine's start, where it tells. */
  readonly started?: string | undefined
}

let known: Promise<ProcessIdentity> | undefined

/** It stays what it is: the system is asked once. */
export function thisProcess(): Promise<ProcessIdentity> {
  known ??= identified()
  return known
}

async function identified(): Promise<ProcessIdentity> {
  const [boot, stat] = await Promise.all([bootId(), processStat('self')])
  return { host: hostname(), pid: process.pid, boot, started: stat?.started }
}

/** Whether a process is there. One of another machine cannot be seen: it counts as alive. */
export async function isAlive({ host, pid, boot, started }: ProcessIdentity): Promise<boolean> {
  if (host !== hostname()) return true
  if (boot !== undefined && boot !== (await bootId())) return false
  if (!hasProcess(pid)) return false
  const stat = await processStat(pid)
  if (stat?.isOver) return false
  return stat === undefined || started === undefined || stat.started === started
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** From Linux's `/proc`; elsewhere there is none. */
async function bootId(): Promise<string | undefined> {
  const id = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined)
  return id?.trim()
}

interface ProcessStat {
  readonly started: string
  /** Killed, with a parent that has not asked what became of it. */
  readonly isOver: boolean
}

/** From Linux's `/proc/<pid>/stat` (proc(5)): behind the name in brackets, field 3 is the state, field 22 the start. */
async function processStat(pid: number | 'self'): Promise<ProcessStat | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, started] = [fields?.[0], fields?.[19]]
  if (state === undefined || started === undefined) return undefined
  return { started, isOver: state === 'Z' || state === 'X' }
}
