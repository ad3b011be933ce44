import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import type { Reader } from './reader.ts'

/** Milliseconds after which something is said even where nothing is new: so both sides notice that the other is gone. */
const silence = 15_000

/** A page that looks: gets what is new as server-sent events, as fast as it takes them. */
export class EventStream {
  private readonly response: ServerResponse
  private readonly reader: Reader
  private sending: Promise<void> | undefined
  private saidAt = performance.now()

  constructor(response: ServerResponse, reader: Reader) {
    this.response = response
    this.reader = reader
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    response.write('retry: 1000\n\n')
  }

  /** Sends what is new. While the page is still busy with what came before, it does nothing. */
  send(): Promise<void> {
    this.sending ??= this.sendAll().finally(() => {
      this.sending = undefined
    })
    return this.sending
  }

  /** Sends what is new, and ends; within so many milliseconds, or not at all. */
  async end(withinMs: number): Promise<void> {
    const late = setTimeout(() => this.response.destroy(), withinMs)
    await this.sending
    await this.send()
    if (!this.response.closed) {
      const closed = new Promise((resolve) => this.response.on('close', resolve))
      this.response.end()
      await closed
    }
    clearTimeout(late)
  }

  /** Piece by piece: training has its turn between two, and a page that is slow is waited for. */
  private async sendAll(): Promise<void> {
    for (let update = this.reader.next(); update !== undefined; update = this.reader.next()) {
      await this.write(`data: ${JSON.stringify(update)}\n\n`)
      await turn(undefined, { ref: false })
      if (this.response.destroyed) return
    }
    if (performance.now() - this.saidAt > silence) await this.write(': still here\n\n')
  }

  private async write(text: string): Promise<void> {
    this.saidAt = performance.now()
    if (this.response.destroyed || this.response.write(text)) return
    const given = new AbortController()
    const { signal } = given
    await Promise.race([once(this.response, 'drain', { signal }), once(this.response, 'close', { signal })])
    given.abort()
  }
}
