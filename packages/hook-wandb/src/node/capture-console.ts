type Take = (stream: 'stdout' | 'stderr', line: string) => void

const streams = ['stdout', 'stderr'] as const

const takers = new Set<Take>()
let restore: (() => void) | undefined
let isPrinting = false

/** Tells the user something that is not the program's own output: on the website it would look like an error. */
export function print(line: string): void {
  isPrinting = true
  process.stderr.write(`${line}\n`)
  isPrinting = false
}

/**
 * Calls back for each line that is written to the process's outputs, which go where they went. What is overwritten
 * before its line ends, as a progress bar is, does not count.
 *
 * @returns ends it.
 */
export function captureConsole(take: Take): () => void {
  takers.add(take)
  restore ??= tap()
  return () => {
    if (takers.size === 1 && takers.has(take)) {
      restore?.()
      restore = undefined
    }
    takers.delete(take)
  }
}

function tap(): () => void {
  const untaps = streams.map((name) => {
    const stream = process[name]
    const { write } = stream
    const lines = new LineSplitter((line) => {
      for (const take of takers) take(name, line)
    })
    const tapped = function (this: unknown, ...args: Parameters<typeof write>): boolean {
      if (!isPrinting) lines.add(args[0])
      return Reflect.apply(write, stream, args) as boolean
    }
    stream.write = tapped as typeof write
    return () => {
      // Who has tapped it since keeps it; ours does nothing any more but pass on.
      if (stream.write === tapped) stream.write = write
      lines.end()
    }
  })
  return () => {
    for (const untap of untaps) untap()
  }
}

/** Longer lines are cut: somebody writes without ever ending one. */
const longestLine = 64 * 1024

const escapeSign = String.fromCharCode(27)
/** Of what is drawn over several lines, again and again: no part of it is a line of the program. */
const cursorUp = new RegExp(`${escapeSign}\\[\\d*[AF]`)
/** What moves the cursor or erases, rather than colours. */
const movements = new RegExp(`${escapeSign}\\[[?\\d;]*[A-Za-ln-z]`, 'g')

class LineSplitter {
  private readonly take: (line: string) => void
  private readonly decoder = new TextDecoder()
  private rest = ''
  private isOver = false

  constructor(take: (line: string) => void) {
    this.take = take
  }

  add(chunk: string | Uint8Array): void {
    if (this.isOver) return
    const text = typeof chunk === 'string' ? chunk : this.decoder.decode(chunk, { stream: true })
    if (cursorUp.test(text)) return
    const [last = '', ...whole] = (this.rest + text).split('\n').reverse()
    this.rest = ''
    for (const line of whole.reverse()) this.take(`${shown(line)}\n`)
    this.rest = last.slice(-longestLine)
  }

  end(): void {
    this.isOver = true
    if (this.rest !== '') this.take(`${shown(this.rest)}\n`)
  }
}

/** What a terminal shows of a line in which a carriage return begins it anew. */
function shown(line: string): string {
  const ended = line.endsWith('\r') ? line.slice(0, -1) : line
  return ended.slice(ended.lastIndexOf('\r') + 1).replaceAll(movements, '')
}
