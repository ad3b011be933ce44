import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { folder } from '../src/node/folder.ts'
import { storeContract } from './store-contract.ts'

let top: string

beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'hookstep-folder-'))
})

afterAll(() => rm(top, { recursive: true, force: true }))

describe('the folder store', () => {
  for (const [index, { name, run }] of storeContract.entries()) {
    test(name, () => run({ store: () => folder(join(top, `${index}`, 'checkpoints')) }))
  }
})
