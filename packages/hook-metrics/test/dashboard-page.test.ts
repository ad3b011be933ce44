import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { metrics, train } from '@hookstep/catalogue'
import { dashboard, journal } from '@hookstep/hook-metrics/node'
import { faultyHook } from '@hookstep/testing'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { view } from '../src/command/view.ts'
import { ask } from './dashboard/ask.ts'
import { describeInChromium, look, startChromium } from './dashboard/browser.ts'
import { temporaryFolder } from './processes.ts'
import { at, evaluated, trainWith } from './runs.ts'
import { telling } from './telling.ts'

// On a machine with much else to do.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 })

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [fileURLToPath(new URL('../page/build.mjs', import.meta.url))])
})
beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => {})
  // A browser takes its time, and the run says so.
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

describe('the files of the page', () => {
  test('are all that it needs, and come from the same place', async () => {
    const shown = dashboard({ port: 0, keepOpen: true })
    onTestFinished(() => shown.close())
    await trainWith([shown])
    const { body } = await ask(shown.url, '/')
    const asked = [...body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, path]) => path as string)
    expect(asked).toEqual(['/icon.svg', '/page.css', '/page.js'])
    for (const path of asked) expect((await ask(shown.url, path)).status).toBe(200)
    expect(body).not.toMatch(/<script(?![^>]* src=)|<style|style=/)
    const notices = await readFile(new URL('../dist/page/LICENSES.txt', import.meta.url), 'utf8')
    expect(notices).toMatch(/preact:.*MIT.*uplot:.*MIT/s)
  })
})

describeInChromium('the live page in a browser', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startChromium()
  })
  afterAll(() => browser?.close())

  /** A page with finished runs of these names. */
  async function compare(...names: string[]): Promise<{ page: Page; errors: string[] }> {
    const folder = await temporaryFolder()
    const files = names.map((name) => join(folder, name, 'journal.jsonl'))
    for (const [i, file] of files.entries()) {
      await trainWith([journal(file), telling(9)], { ...evaluated, learningRate: 0.02 * (i + 1), seed: i })
    }
    const served = await view(files, 0)
    onTestFinished(() => served.close())
    return look(browser, served.url)
  }

  const chart = (page: Page, title: string) => page.getByRole('article', { name: title, exact: true })
  const legend = (page: Page, title: string) => chart(page, title).getByRole('listitem')

  test('shows charts that grow while a run trains, and how it ended when the server is gone', async () => {
    const shown = dashboard({ port: 0, name: 'first try' })
    const seen: string[] = []
    let looked: Awaited<ReturnType<typeof look>> | undefined
    const looking = at(train.epoch.post, async ({ progress }) => {
      looked ??= await look(browser, shown.url)
      const { page } = looked
      await page.getByText(`${progress.step} of 16`).waitFor()
      seen.push(`step ${progress.step}`)
      await expect.poll(() => inkOf(page, 'loss')).toBeGreaterThan(0)
    })
    await trainWith([shown, looking], evaluated)
    const { page, errors } = looked as Awaited<ReturnType<typeof look>>
    expect(seen).toEqual(['step 8', 'step 16'])
    await page.getByText('ended: this page keeps what it shows').waitFor()
    expect(await page.locator('.run').first().textContent()).toMatch(/first try\s*finished/)
    expect(await page.title()).toBe('first try · Hookstep')
    expect(await page.getByRole('heading', { level: 3 }).allInnerTexts()).toEqual([
      'loss',
      'absolute error',
      'learning rate',
      'samples per second',
    ])
    expect(await legend(page, 'loss').allInnerTexts()).toEqual([
      expect.stringMatching(/^training\s+[\d.]+/),
      expect.stringMatching(/^evaluation\s+[\d.]+/),
    ])
    expect(errors.filter((text) => !text.includes('ERR_CONNECTION_REFUSED'))).toEqual([])
  })

  test('compares runs: hides one, smooths, finds charts, shows what differs', async () => {
    const { page, errors } = await compare('broad', 'narrow')
    await legend(page, 'loss').nth(1).waitFor()
    expect(await legend(page, 'learning rate').allInnerTexts()).toEqual([
      expect.stringMatching(/^broad\s+0\.02000$/),
      expect.stringMatching(/^narrow\s+0\.04000$/),
    ])
    const before = await inkOf(page, 'loss')
    await page.getByRole('checkbox', { name: 'narrow' }).uncheck()
    await legend(page, 'loss').nth(1).waitFor({ state: 'detached' })
    expect(await inkOf(page, 'loss')).toBeLessThan(before)
    await page.getByRole('checkbox', { name: 'narrow' }).check()
    const unsmoothed = await pictureOf(page, 'loss')
    await page.getByRole('slider', { name: 'smoothing' }).fill('0.9')
    await expect.poll(() => pictureOf(page, 'loss')).not.toBe(unsmoothed)
    const linear = await pictureOf(page, 'loss')
    await page.getByRole('checkbox', { name: 'log scale' }).check()
    await expect.poll(() => pictureOf(page, 'loss')).not.toBe(linear)
    const differing = page.getByRole('region', { name: 'What differs' })
    expect((await differing.getByRole('row').allInnerTexts()).map((text) => text.split(/\s+/))).toEqual([
      ['setting', 'broad', 'narrow'],
      ['seed', '0', '1'],
      ['learningRate', '0.02', '0.04'],
    ])
    await page.getByRole('searchbox').fill('rate')
    await chart(page, 'loss').waitFor({ state: 'detached' })
    expect(await page.getByRole('heading', { level: 3 }).allInnerTexts()).toEqual(['learning rate'])
    expect(errors).toEqual([])
  })

  test('reads values and zooms, by mouse and by keys', async () => {
    const { page, errors } = await compare('alone')
    const plot = chart(page, 'loss').getByRole('application')
    await expect.poll(() => inkOf(page, 'loss')).toBeGreaterThan(0)
    const box = (await plot.boundingBox()) as { x: number; y: number; width: number; height: number }
    await page.mouse.move(box.x + box.width / 2, box.y + 50)
    await chart(page, 'absolute error')
      .getByText(/^step \d+$/)
      .waitFor()
    await page.mouse.down()
    await page.mouse.move(box.x + box.width - 30, box.y + 50, { steps: 4 })
    await page.mouse.up()
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.mouse.move(0, 0)
    await plot.focus()
    const places: string[] = []
    for (const key of ['Home', 'ArrowRight', 'End', 'ArrowLeft']) {
      await page.keyboard.press(key)
      places.push(`${key}: ${await chart(page, 'loss').locator('.place').textContent()}`)
    }
    expect(places).toEqual(['Home: step 4', 'ArrowRight: step 8', 'End: step 16', 'ArrowLeft: step 12'])
    await page.keyboard.press('+')
    await page.getByRole('button', { name: 'Show all' }).waitFor()
    await page.keyboard.press('0')
    await page.getByRole('button', { name: 'Show all' }).waitFor({ state: 'detached' })
    await page.getByText('time', { exact: true }).first().click()
    await page.reload()
    expect(await page.getByRole('radio', { name: 'time' }).isChecked()).toBe(true)
    expect(errors).toEqual([])
  })

  test('shows texts, images, distributions and tables', async () => {
    const { page, errors } = await compare('alone')
    const media = page.getByRole('region', { name: 'Media' })
    await media.getByRole('article').nth(3).waitFor()
    const image = media.getByRole('img', { name: 'picture at step 9' })
    const width = await image.evaluate((picture: Picture) =>
      picture.decode().then(() => picture.naturalWidth),
    )
    expect(width).toBe(2)
    expect(await media.locator('pre').textContent()).toBe('to be, "or not"\nto be')
    expect(await media.getByRole('row').allInnerTexts()).toHaveLength(3)
    await media.getByRole('img', { name: '4 values between -1 and 2' }).waitFor()
    expect(errors).toEqual([])
  })

  test('takes no name, text or reason for a piece of the page', async () => {
    const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>'
    const shown = dashboard({ port: 0, keepOpen: true, name: evil })
    onTestFinished(() => shown.close())
    const talking = at(train.epoch.post, async ({ distributed, progress }, run) => {
      const context = { distributed, progress, step: progress.step }
      const media = { kind: 'text', text: evil } as const
      await run.trigger(metrics.media, { ...context, name: evil, media })
      const table = { kind: 'table', columns: [evil], rows: [[evil]] } as const
      await run.trigger(metrics.media, { ...context, name: 'table', media: table })
      await run.trigger(metrics.measured, { ...context, source: evil, values: { [evil]: 1 } })
    })
    const failing = faultyHook({ at: train.step.post, fault: 'throws', delivery: 12, error: new Error(evil) })
    await trainWith([shown, talking, failing]).catch(() => {})
    const { page, errors } = await look(browser, shown.url)
    await page.getByRole('heading', { name: evil }).first().waitFor()
    expect(await page.getByText(evil).count()).toBeGreaterThanOrEqual(6)
    expect(await page.locator('script').count()).toBe(1)
    expect(errors).toEqual([])
  })

  test.each(['light', 'dark'] as const)('fits a narrow screen, %s', async (colorScheme) => {
    const { page, errors } = await compare('broad', 'narrow')
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width: 360, height: 640 })
    await legend(page, 'loss').nth(1).waitFor()
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    expect(overflow).toBe(0)
    expect(errors).toEqual([])
  })
})

/** What is asked of elements of the page: this program knows of no browser. */
interface Canvas {
  readonly width: number
  readonly height: number
  toDataURL(): string
  getContext(kind: '2d'): { getImageData(...area: number[]): { readonly data: Uint8ClampedArray } }
}
interface Picture {
  readonly naturalWidth: number
  decode(): Promise<void>
}

/** How many points of a chart's canvas are drawn on. */
function inkOf(page: Page, title: string): Promise<number> {
  return canvasOf(page, title).evaluate((canvas: Canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    return data.filter((byte, i) => i % 4 === 3 && byte > 0).length
  })
}

/** What a chart's canvas shows. */
function pictureOf(page: Page, title: string): Promise<string> {
  return canvasOf(page, title).evaluate((canvas: Canvas) => canvas.toDataURL())
}

function canvasOf(page: Page, title: string): Locator {
  return page.getByRole('article', { name: title, exact: true }).locator('canvas').first()
}
