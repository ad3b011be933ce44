import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { End } from './end.ts'
import { Browser } from './rig/chromium.ts'
import { describeInChromium } from './rig/describe.ts'
import { Site } from './rig/site.ts'
import { Tab } from './rig/tab.ts'

// On a machine with much else to do.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 })

describeInChromium('a run in a browser', () => {
  let browser: Browser
  let site: Site
  beforeAll(async () => {
    browser = await Browser.start()
    site = await Site.of({ training: new URL('pages/training.ts', import.meta.url) })
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  test.each(['page', 'worker'] as const)(
    'goes on where its tab was closed, bit for bit, in a %s',
    async (place) => {
      const whole = await inTab((tab) => tab.call<End>(place, 'training', 'trainToEnd', `${place}-whole`))
      await inTab((tab) => tab.call(place, 'training', 'trainUntil', place, 8))
      const resumed = await inTab((tab) => tab.call<End>(place, 'training', 'trainToEnd', place))
      expect([whole.firstStep, resumed.state === whole.state]).toEqual([1, true])
      expect([4, 7]).toContain(resumed.firstStep)
    },
  )

  test('goes on after the whole browser has died', async () => {
    const whole = await inTab((tab) => tab.call<End>('page', 'training', 'trainToEnd', 'whole'))
    const tab = await Tab.open(browser, site)
    await tab.call('page', 'training', 'trainUntil', 'died', 8)
    await browser.crash()
    const resumed = await inTab((next) => next.call<End>('page', 'training', 'trainToEnd', 'died'))
    expect([4, 7]).toContain(resumed.firstStep)
    expect(resumed.state).toBe(whole.state)
  })

  async function inTab<Value>(body: (tab: Tab) => Promise<Value>): Promise<Value> {
    const tab = await Tab.open(browser, site)
    try {
      return await body(tab)
    } finally {
      await tab.close()
    }
  }
})
