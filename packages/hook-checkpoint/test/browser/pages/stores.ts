/** What the tests of the browser stores call, in a page or a Worker. */
import { indexedDbStore, opfsStore } from '../../../src/browser.ts'
import { storeContract } from '../../store-contract.ts'

const kinds = { opfs: opfsStore, indexedDb: indexedDbStore }

export type Kind = keyof typeof kinds

/** Runs a case of the store contract in a place of its own. */
export async function contractCase(kind: Kind, name: string, place: string): Promise<void> {
  const found = storeContract.find((each) => each.name === name)
  if (found === undefined) throw new Error(`there is no case '${name}'`)
  await found.run({ store: () => kinds[kind](place) })
}
