import { Worker } from 'node:worker_threads'
import { bytesOf } from '../parts.ts'
import type { FileEntry } from '../store.ts'
import { writeHashed } from './write-hashed.ts'

/** What the thread answers: that it is there, what it has written, or why it could not. */
type Answer = 'ready' | (({ readonly entry: FileEntry } | { readonly failure: Failure }) & GivenBack)
/** Handed back to be forgotten: what a thread keeps that has nothing more to do, it would keep until the next save. */
interface GivenBack {
  readonly parts: readonly Uint8Array[]
}
type Failure = { readonly message: string; readonly code?: string }

/** Text, so that the thread needs no file of its own: none is there among sources, and bundlers lose it. */
const program = `
const { parentPort } = require('node:worker_threads')
const writeHashed = ${writeHashed}
parentPort.on('message', ({ path, parts }) => {
  const answer = (said) => parentPort.postMessage({ ...said, parts }, [...new Set(parts.map(({ buffer }) => buffer))])
  writeHashed(path, parts).then(
    (entry) => answer({ entry }),
    ({ message, code }) => answer({ failure: { message, code } }),
  )
})
parentPort.postMessage('ready')
`

/**
 * Hashes, writes and syncs files in a thread of its own, one after another, so that training goes on meanwhile; in this
 * thread where none can be started. It begins with the first file, and keeps the process alive only while it writes.
 */
export class WritingThread {
  private worker: Promise<Worker | undefined> | undefined
  /** Settles with the last file. */
  private last: Promise<unknown> = Promise.resolve()
  private waiting = 0

  /** How much it has been handed and has not written yet. */
  get waitingBytes(): number {
    return this.waiting
  }

  /** Writes a new file. Takes the buffers of the parts, which are detached. */
  write(path: string, parts: readonly Uint8Array[]): Promise<FileEntry> {
    const bytes = bytesOf(parts)
    this.waiting += bytes
    const written = this.last
      .then(() => this.writeNext(path, parts))
      .finally(() => {
        this.waiting -= bytes
      })
    this.last = written.catch(() => {})
    return written
  }

  /** Once all is written. It begins again with the next file. */
  async end(): Promise<void> {
    await this.last
    const worker = await this.worker
    this.worker = undefined
    await worker?.terminate()
  }

  private async writeNext(path: string, parts: readonly Uint8Array[]): Promise<FileEntry> {
    this.worker ??= started()
    const worker = await this.worker
    if (worker === undefined || hasEnded(worker)) return writeHashed(path, parts)
    worker.ref()
    try {
      const answer = nextAnswer(worker)
      hand(worker, { path, parts })
      return entryOf(await answer)
    } finally {
      worker.unref()
    }
  }
}

/** `undefined` where no thread can be started: too little memory, or no permission. */
async function started(): Promise<Worker | undefined> {
  try {
    // Without the flags of this process: loaders of its own would only take time.
    const worker = new Worker(program, { eval: true, execArgv: [], name: 'checkpoint' })
    // Errors are told by the answer that does not come; without a listener they would end the process.
    worker.on('error', () => {})
    await nextAnswer(worker)
    worker.unref()
    return worker
  } catch {
    return undefined
  }
}

function hasEnded({ threadId }: Worker): boolean {
  return threadId === -1
}

function nextAnswer(worker: Worker): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      worker.off('message', answered).off('error', failed).off('exit', exited)
      action()
    }
    const answered = (answer: Answer): void => settle(() => resolve(answer))
    const failed = (error: unknown): void => settle(() => reject(error))
    const exited = (): void => settle(() => reject(new Error('the thread that writes has ended')))
    worker.on('message', answered).on('error', failed).on('exit', exited)
  })
}

function hand(worker: Worker, { path, parts }: { path: string; parts: readonly Uint8Array[] }): void {
  try {
    worker.postMessage({ path, parts }, buffersOf(parts))
  } catch {
    // Some buffers cannot be taken, such as WebAssembly's memory and those that Node keeps for small ones.
    const copies = parts.map((part) => new Uint8Array(part))
    worker.postMessage({ path, parts: copies }, buffersOf(copies))
  }
}

function buffersOf(parts: readonly Uint8Array[]): ArrayBuffer[] {
  return [...new Set(parts.map(({ buffer }) => buffer))].filter((buffer) => buffer instanceof ArrayBuffer)
}

function entryOf(answer: Answer): FileEntry {
  if (answer !== 'ready' && 'entry' in answer) return answer.entry
  const { message, code } = answer === 'ready' ? { message: 'no answer' } : answer.failure
  throw Object.assign(new Error(message), { code })
}
