import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { storeContract } from '../store-contract.ts'
import { Browser } from './rig/chromium.ts'
import { describeInChromium } from './rig/describe.ts'
import { Site } from './rig/site.ts'
import { type Place, Tab } from './rig/tab.ts'

// On a machine with much else to do.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 })

const megabyte = 2 ** 20

const subjects = [
  ['opfs', 'page'],
  ['opfs', 'worker'],
  ['indexedDb', 'page'],
  ['indexedDb', 'worker'],
] as const

describeInChromium('stores in a browser', () => {
  let browser: Browser
  let site: Site
  let tab: Tab
  beforeAll(async () => {
    browser = await Browser.start()
    site = await Site.of({ stores: new URL('pages/stores.ts', import.meta.url) })
    tab = await Tab.open(browser, site)
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  describe.each(subjects)('%s in a %s', (kind, place) => {
    for (const [index, { name }] of storeContract.entries()) {
      test(name, () => tab.call(place, 'stores', 'contractCase', kind, name, `${place}-${index}`))
    }

    const at = `${place}-${kind}`

    test('is for one tab at a time, until it is closed', async () => {
      const other = await Tab.open(browser, site)
      await other.call(place, 'stores', 'acquire', kind, at)
      await expect(tab.call(place, 'stores', 'acquire', kind, at)).rejects.toThrow(
        'another run saves here, in this tab or in another one',
      )
      await other.close()
      await expect
        .poll(() => succeeds(tab.call(place, 'stores', 'acquire', kind, at)), { timeout: 20_000 })
        .toBe(true)
      await tab.call(place, 'stores', 'giveBack')
    })

    test('keeps the checkpoint before when a tab is closed in the middle of a save', async () => {
      await tab.call(place, 'stores', 'save', kind, at, 'step-1', 5)
      const other = await Tab.open(browser, site)
      await other.call(place, 'stores', 'saveForEver', kind, at, 'step-2', megabyte)
      await other.close()
      expect(await checkpoints(tab, place, kind, at)).toEqual({ 'step-1': 5 })
      await tab.call(place, 'stores', 'save', kind, at, 'step-2', 6)
      expect(await checkpoints(tab, place, kind, at)).toEqual({ 'step-1': 5, 'step-2': 6 })
    })

    test('says that there is no more room, and keeps what is there', async () => {
      const full = await Tab.open(browser, site, at.toLowerCase())
      await limitRoom(full, 8 * megabyte)
      await full.call(place, 'stores', 'save', kind, at, 'step-1', megabyte)
      await expect(full.call(place, 'stores', 'save', kind, at, 'step-2', 16 * megabyte)).rejects.toThrow(
        /no more room, [\d.]+ MB are used\. Keep fewer checkpoints/,
      )
      expect(await checkpoints(full, place, kind, at)).toEqual({ 'step-1': megabyte })
      await full.call(place, 'stores', 'save', kind, at, 'step-2', 7)
      expect(await checkpoints(full, place, kind, at)).toEqual({ 'step-1': megabyte, 'step-2': 7 })
      await full.close()
    })
  })

  test('what an interrupted save has left goes when the place is acquired', async () => {
    const other = await Tab.open(browser, site)
    await other.call('page', 'stores', 'saveForEver', 'opfs', 'swept', 'step-2', megabyte)
    await other.close()
    expect(await tab.call('page', 'stores', 'filesIn', 'swept', 'step-2')).toContain('weights-1')
    await tab.call('page', 'stores', 'acquire', 'opfs', 'swept')
    expect(await tab.call('page', 'stores', 'filesIn', 'swept', 'step-2')).toEqual([])
    await tab.call('page', 'stores', 'giveBack')
  })

  test('a file that a closing tab has open still is waited for', async () => {
    const other = await Tab.open(browser, site)
    await other.call('page', 'stores', 'saveForEver', 'opfs', 'closing', 'step-2', megabyte)
    await other.close()
    await tab.call('worker', 'stores', 'holdOpen', 'closing', 'step-2', 'weights-1')
    const acquired = tab.call('page', 'stores', 'acquire', 'opfs', 'closing')
    await tab.call('worker', 'stores', 'letGo')
    await acquired
    expect(await tab.call('page', 'stores', 'filesIn', 'closing', 'step-2')).toEqual([])
    await tab.call('page', 'stores', 'giveBack')
  })

  test('the file system is taken where there is one, unless the other has checkpoints already', async () => {
    const chosen = (files = true): Promise<string> =>
      tab.call('page', 'stores', 'chosenLocation', 'chosen', { files })
    expect([await chosen(), await chosen(false)]).toEqual(['opfs:/chosen', 'indexeddb:chosen'])
    await tab.call('page', 'stores', 'save', 'indexedDb', 'chosen', 'step-1', 5)
    expect(await chosen()).toBe('indexeddb:chosen')
  })
})

function checkpoints(tab: Tab, place: Place, kind: string, at: string): Promise<Record<string, number>> {
  return tab.call(place, 'stores', 'checkpoints', kind, at)
}

/** As a disk has it that is nearly full; as long as the tab is there. */
async function limitRoom({ page }: Tab, quotaSize: number): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize })
}

function succeeds(attempt: Promise<unknown>): Promise<boolean> {
  return attempt.then(
    () => true,
    () => false,
  )
}
