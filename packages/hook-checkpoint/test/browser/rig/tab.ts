import type { Page } from 'playwright-core'
import type { Browser } from './chromium.ts'
import type { Site } from './site.ts'

/** Where a function runs: in the page itself, or in a dedicated Worker of it. */
export type Place = 'page' | 'worker'

/** A tab of a browser that shows a site, and calls what its modules export. Values travel as JSON. */
export class Tab {
  /** For what only Playwright can do. */
  readonly page: Page

  private constructor(page: Page) {
    this.page = page
  }

  /** @param origin as {@link Site.url} has it. */
  static async open(browser: Browser, site: Site, origin?: string): Promise<Tab> {
    const page = await (await browser.tabs()).newPage()
    await page.goto(site.url(origin))
    return new Tab(page)
  }

  /**
   * Calls an exported function of a module.
   *
   * @throws Error with what the function threw.
   */
  call<Value = void>(place: Place, module: string, name: string, ...values: unknown[]): Promise<Value> {
    const called = { module: `/${module}.js`, name, values }
    const script = place === 'page' ? callInPage : callInWorker
    return this.page.evaluate(`(${script})(${JSON.stringify(called)})`) as Promise<Value>
  }

  close(): Promise<void> {
    return this.page.close()
  }
}

const callInPage = `async ({ module, name, values }) => (await import(module))[name](...values)`

/** One Worker for each page, made when it is first needed. */
const callInWorker = `(call) => {
  const worker = (globalThis.worker ??= new Worker('/worker.js', { type: 'module' }))
  const id = (globalThis.calls = (globalThis.calls ?? 0) + 1)
  worker.postMessage({ ...call, id })
  return new Promise((resolve, reject) => {
    worker.addEventListener('message', function listen({ data }) {
      if (data.id !== id) return
      worker.removeEventListener('message', listen)
      'error' in data ? reject(new Error(data.error)) : resolve(data.value)
    })
  })
}`
