import { onTestFinished } from 'vitest'
import { type PageRun, RunStore } from '../../page/run-store.ts'
import type { Update } from '../../src/dashboard/protocol.ts'

/** One who looks: gets what a page gets, and keeps it as the page does. */
export class Viewer {
  readonly store: RunStore = new RunStore()
  /** Messages so far. */
  messages = 0
  /** Settles when the connection has ended. */
  readonly ended: Promise<void>
  private readonly abort = new AbortController()

  private constructor(body: ReadableStream<Uint8Array>) {
    this.ended = this.listen(body).catch(() => {})
  }

  /** Looks, and waits for the first that is told of a run. */
  static async open(url: string | undefined): Promise<Viewer> {
    const abort = new AbortController()
    const { body } = await fetch(new URL('/events', url), { signal: abort.signal })
    const viewer = new Viewer(body as ReadableStream<Uint8Array>)
    viewer.abort.signal.addEventListener('abort', () => abort.abort())
    onTestFinished(() => viewer.close())
    await viewer.until(() => viewer.store.runs.size > 0)
    return viewer
  }

  get runs(): PageRun[] {
    return [...this.store.runs.values()]
  }

  /** The one that is followed while it trains, or the first. */
  get run(): PageRun {
    const [first] = this.runs
    if (first === undefined) throw new Error('nothing has been told of a run')
    return this.store.runs.get('live') ?? first
  }

  /** Waits until what it knows is so. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        const stop = this.store.onChange(() => {
          stop()
          resolve()
        })
      })
    }
  }

  close(): void {
    this.abort.abort()
  }

  private async listen(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = ''
    const decoder = new TextDecoder()
    for await (const piece of body) {
      text += decoder.decode(piece, { stream: true })
      const events = text.split('\n\n')
      text = events.pop() as string
      for (const event of events) this.take(event)
    }
  }

  private take(event: string): void {
    if (!event.startsWith('data: ')) return
    this.messages++
    this.store.apply(JSON.parse(event.slice('data: '.length)) as Update)
  }
}

/** The numbers of a series as `step: value` pairs. */
export function pointsOf(run: PageRun, key: string): [step: number, value: number | null][] {
  const series = run.series.get(key)
  return series === undefined ? [] : series.steps.map((step, i) => [step, series.values[i] ?? null])
}
