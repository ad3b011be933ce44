import { createHash } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { FileHash } from '../src/file-hash.ts'
import { noise } from './noise.ts'

const parts = [noise(700_001), new Uint8Array(), noise(3)]
const sha256 = parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex')

test('parts are hashed as one file, by Node and where there is no Node', async () => {
  expect(await entryOf(new FileHash())).toEqual({ bytes: 700_004, sha256 })
  expect(await entryOf(hashWithoutNode())).toEqual({ bytes: 700_004, sha256 })
})

test('others have their turn while a large part is hashed', async () => {
  const log: string[] = []
  const hashed = new FileHash().add(noise(2 ** 20)).then(() => log.push('hashed'))
  const { port1, port2 } = new MessageChannel()
  port1.on('message', (message) => {
    log.push(message)
    port1.close()
  })
  port2.postMessage('another')
  await hashed
  expect(log).toEqual(['another', 'hashed'])
})

async function entryOf(hash: FileHash): Promise<unknown> {
  for (const part of parts) await hash.add(part)
  return hash.entry()
}

function hashWithoutNode(): FileHash {
  vi.stubGlobal('process', undefined)
  const hash = new FileHash()
  vi.unstubAllGlobals()
  return hash
}
