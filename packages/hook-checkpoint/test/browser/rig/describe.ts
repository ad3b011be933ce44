import { describe } from 'vitest'
import { chromiumPath, howToGetChromium } from './chromium.ts'

/** Describes what only a browser can show. Where there is none it is skipped, and said aloud. */
export function describeInChromium(what: string, body: () => void): void {
  if (chromiumPath() !== undefined) return void describe(what, body)
  process.stderr.write(`\nNOT RUN: ${what}. There is no browser: ${howToGetChromium}.\n\n`)
  describe.skip(what, body)
}
