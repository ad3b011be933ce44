import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { describe, onTestFinished } from 'vitest'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const macs = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** The browser's program: what `CHROMIUM` names, else one that is installed; none where there is none. */
function chromiumPath(): string | undefined {
  const named = process.env.CHROMIUM
  if (named) return named
  const folders = (process.env.PATH ?? '').split(delimiter)
  return [...folders.flatMap((folder) => names.map((name) => join(folder, name))), ...macs].find(canRun)
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Describes what only a browser can show. Where there is none it is skipped, and said aloud. */
export function describeInChromium(what: string, body: () => void): void {
  if (chromiumPath() !== undefined) return void describe(what, body)
  const remedy =
    'install one (Debian: apt-get install chromium) or set CHROMIUM to the path of a Chromium or Chrome'
  process.stderr.write(`\nNOT RUN: ${what}. There is no browser: ${remedy}.\n\n`)
  describe.skip(what, body)
}

export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath() ?? '',
    // Chromium's sandbox refuses to start for root, as whom containers run.
    chromiumSandbox: process.getuid?.() !== 0,
  })
}

/** A page that is looked at, and what went wrong in it: errors, and all that its policy forbids. */
export async function look(
  browser: Browser,
  url: string | undefined,
): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } })
  onTestFinished(() => page.close())
  page.setDefaultTimeout(10_000)
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on(
    'console',
    (message) => message.type() === 'error' && errors.push(`${message.text()} ${message.location().url}`),
  )
  page.on(
    'request',
    (request) =>
      new URL(request.url()).hostname !== '127.0.0.1' &&
      !request.url().startsWith('data:') &&
      errors.push(request.url()),
  )
  page.on(
    'dialog',
    (dialog) => void dialog.dismiss().then(() => errors.push(`a dialog: ${dialog.message()}`)),
  )
  await page.goto(url as string)
  return { page, errors }
}
