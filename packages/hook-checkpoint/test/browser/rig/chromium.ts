import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const macs = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** What to do where there is no browser. */
export const howToGetChromium =
  'install one (Debian: apt-get install chromium) or set CHROMIUM to the path of a Chromium or Chrome'

/** The browser's program: what `CHROMIUM` names, else one that is installed; none where there is none. */
export function chromiumPath(): string | undefined {
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

/** A browser with a profile of its own, which outlives it: it can be closed, or killed, and started again. */
export class Browser {
  private readonly profile: string
  private context: BrowserContext | undefined

  private constructor(profile: string) {
    this.profile = profile
  }

  static async start(): Promise<Browser> {
    const browser = new Browser(await mkdtemp(join(tmpdir(), 'hookstep-chromium-')))
    try {
      await browser.tabs()
    } catch (error) {
      await browser.close()
      throw error
    }
    return browser
  }

  /** Started, where it is not. */
  async tabs(): Promise<BrowserContext> {
    this.context ??= await chromium.launchPersistentContext(this.profile, {
      executablePath: chromiumPath() ?? '',
      // Chromium's sandbox refuses to start for root, as whom containers run.
      chromiumSandbox: process.getuid?.() !== 0,
    })
    return this.context
  }

  /** Ends it as a failure of its own would, without a chance to put anything in order. */
  async crash(): Promise<void> {
    const context = await this.tabs()
    const gone = new Promise((resolve) => context.once('close', resolve))
    const [page] = context.pages()
    const session = await context.newCDPSession(page ?? (await context.newPage()))
    // It dies before it can answer.
    await session.send('Browser.crash').catch(() => {})
    await gone
    this.context = undefined
  }

  /** Ends it; the next {@link tabs} starts it anew, with all that sites have stored. */
  async stop(): Promise<void> {
    await this.context?.close()
    this.context = undefined
  }

  async close(): Promise<void> {
    await this.stop()
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
