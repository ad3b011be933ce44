import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Board } from './board.ts'
import { EventStream } from './event-stream.ts'
import { listen } from './listen.ts'
import { loadPageFiles, type PageFile } from './page-files.ts'
import { Reader } from './reader.ts'
import { refusalOf, safeHeaders } from './security.ts'

/** Milliseconds between two looks at what is new. */
const interval = 500
/** Milliseconds that those who look have at the end to take the rest. */
const farewell = 2000
/** At once: a browser asks for a page over up to six. */
const mostConnections = 100

export interface PageServerOptions {
  /** Without it, the usual one or the next that is free. */
  readonly port?: number | undefined
  /** Brings the board up to date; called before it is told of, and only while somebody looks. */
  readonly refresh?: () => void
  /** Called when the page has ended. */
  readonly onClose?: () => void
}

/** Serves a board to browsers on this machine. It keeps no process alive, unless it is asked to. */
export class PageServer {
  private readonly board: Board
  private readonly files: ReadonlyMap<string, PageFile>
  private readonly refresh: () => void
  private readonly onClose: () => void
  private readonly server: Server
  private readonly streams = new Set<EventStream>()
  private readonly timer: NodeJS.Timeout
  private port = 0
  private isHeldOpen = false

  private constructor(
    board: Board,
    files: ReadonlyMap<string, PageFile>,
    { refresh = () => {}, onClose = () => {} }: PageServerOptions,
  ) {
    this.board = board
    this.files = files
    this.refresh = refresh
    this.onClose = onClose
    this.server = createServer((request, response) => this.answer(request, response))
    this.server.maxConnections = mostConnections
    this.server.on('connection', (socket) => this.isHeldOpen || socket.unref())
    this.timer = setInterval(() => this.tell(), interval).unref()
  }

  /** @throws Error where the port that was named cannot be had. */
  static async start(board: Board, options: PageServerOptions = {}): Promise<PageServer> {
    const page = new PageServer(board, await loadPageFiles(), options)
    try {
      page.port = await listen(page.server, options.port)
    } catch (error) {
      clearInterval(page.timer)
      options.onClose?.()
      throw error
    }
    page.server.unref()
    return page
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`
  }

  /** Keeps the process alive from now on, until it is closed. */
  holdOpen(): void {
    this.isHeldOpen = true
    this.server.ref()
  }

  /** Tells those who look the rest, and ends. */
  async close(): Promise<void> {
    clearInterval(this.timer)
    this.refresh()
    const closed = new Promise((resolve) => this.server.close(resolve))
    await Promise.all(Array.from(this.streams, (stream) => stream.end(farewell)))
    this.server.closeAllConnections()
    await closed
    this.onClose()
  }

  private tell(): void {
    if (this.streams.size === 0) return
    this.refresh()
    for (const stream of this.streams) void stream.send()
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(safeHeaders)) response.setHeader(name, value)
    const refusal = refusalOf(request)
    if (refusal?.status === 405) response.setHeader('allow', 'GET')
    const [path = '/'] = (request.url ?? '/').split('?', 1)
    const file = this.files.get(path)
    if (refusal !== undefined) say(response, refusal.status, refusal.why)
    else if (path === '/events') this.open(response)
    else if (file === undefined) say(response, 404, 'There is no such page.\n')
    else response.setHeader('content-type', file.type).end(file.body)
  }

  private open(response: ServerResponse): void {
    this.refresh()
    const stream = new EventStream(response, new Reader(this.board))
    this.streams.add(stream)
    response.on('close', () => this.streams.delete(stream))
    void stream.send()
  }
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(text)
}
