import { describe, test } from 'vitest'
import { memoryStore } from '../src/memory-store.ts'
import { storeContract } from './store-contract.ts'

describe('the memory store', () => {
  for (const { name, run } of storeContract) {
    test(name, () => {
      const store = memoryStore()
      return run({ store: () => store })
    })
  }
})
