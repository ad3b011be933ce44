import { afterAll, beforeAll, describe, test } from 'vitest'
import { storeContract } from '../store-contract.ts'
import { Browser } from './rig/chromium.ts'
import { describeInChromium } from './rig/describe.ts'
import { Site } from './rig/site.ts'
import { Tab } from './rig/tab.ts'

describeInChromium('stores in a browser', () => {
  let browser: Browser
  let site: Site
  let tab: Tab
  beforeAll(async () => {
    ;[browser, site] = await Promise.all([
      Browser.start(),
      Site.of({ stores: new URL('pages/stores.ts', import.meta.url) }),
    ])
    tab = await Tab.open(browser, site)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  for (const [kind, place] of [
    ['opfs', 'page'],
    ['opfs', 'worker'],
    ['indexedDb', 'page'],
    ['indexedDb', 'worker'],
  ] as const) {
    describe(`${kind} in a ${place}`, () => {
      for (const [index, { name }] of storeContract.entries()) {
        test(name, () => tab.call(place, 'stores', 'contractCase', kind, name, `${place}-${index}`))
      }
    })
  }
})
