import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { FileEntry } from './store.ts'

/** What is hashed between two chances for others: 3 ms on a server's core, and not much over 10 on a slow phone. */
const pieceBytes = 256 * 1024

/** The size and the SHA-256 of a file, computed piece by piece, so that a page stays alive meanwhile. */
export class FileHash {
  private readonly hash = newHash()
  private bytes = 0
  private sinceYield = 0

  async add(part: Uint8Array): Promise<void> {
    for (let start = 0; start < part.length; start += pieceBytes) {
      const piece = part.subarray(start, start + pieceBytes)
      this.hash.update(piece)
      this.bytes += piece.length
      this.sinceYield += piece.length
      if (this.sinceYield < pieceBytes) continue
      this.sinceYield = 0
      await yieldToOthers()
    }
  }

  /** Of all that was added. Nothing can be added afterwards. */
  entry(): FileEntry {
    return { bytes: this.bytes, sha256: bytesToHex(this.hash.digest()) }
  }
}

interface Hash {
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
}

/** Node's own is ten times as fast; asked for so, it is no import that a bundler for a browser would stumble over. */
function newHash(): Hash {
  const { process } = globalThis as { process?: { getBuiltinModule?(id: string): NodeCrypto | undefined } }
  return process?.getBuiltinModule?.('node:crypto')?.createHash('sha256') ?? sha256.create()
}

interface NodeCrypto {
  createHash(algorithm: string): Hash
}

/** Of the parts one behind the other. */
export async function hashOf(parts: readonly Uint8Array[]): Promise<FileEntry> {
  const hash = new FileHash()
  for (const part of parts) await hash.add(part)
  return hash.entry()
}

/**
 * Resolves in a later task. A message comes at once where a timer would wait four milliseconds, and, unlike
 * a timer or an animation frame, as quickly in a tab that nobody looks at.
 */
function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel() as unknown as Record<'port1' | 'port2', Port>
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}

/** What Node and browsers have in common of a `MessagePort`: their types disagree. */
interface Port {
  onmessage: (() => void) | null
  postMessage(message: unknown): void
  close(): void
}
