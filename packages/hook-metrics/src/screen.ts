import { onProcessEnd } from './process-end.ts'
import type { Terminal } from './terminal.ts'

const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'
const eraseLineEnd = '\x1b[K'
const eraseBelow = '\x1b[J'
const cursorUp = (lines: number): string => (lines > 0 ? `\x1b[${lines}A` : '')

type Write = (...args: unknown[]) => unknown

/**
 * A few lines at the end of a terminal that are drawn over, below everything that is printed. The cursor
 * rests at their beginning: whatever becomes of them when the terminal is resized, they are what is
 * below it.
 */
export class Screen {
  private readonly terminal: Terminal
  private readonly print: (text: string) => void
  private readonly releases: (() => void)[]
  /** What draws the lines. */
  private frame = ''
  private visible = false
  /** Whether somebody's print has not ended its line: the lines wait until it does. */
  private lineIsOpen = false

  /** @param neighbours other streams that print on the same terminal. */
  constructor(terminal: Terminal, neighbours: readonly Terminal[]) {
    this.terminal = terminal
    this.print = terminal.write.bind(terminal)
    const streams = new Set([terminal, ...neighbours])
    this.releases = [
      ...Array.from(streams, (stream) => intercept(stream, (write, text) => this.makeRoom(write, text))),
      onProcessEnd(() => this.close()),
    ]
    this.print(hideCursor)
  }

  /** Shows these lines, each narrower than the terminal, in place of those before. */
  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, Math.max(1, (this.terminal.rows ?? 24) - 1))
    const text = shown.join(`${eraseLineEnd}\r\n`)
    const frame = `\r${text}${eraseBelow}${cursorUp(shown.length - 1)}\r`
    if (frame === this.frame) return
    this.frame = frame
    this.show()
  }

  /** Takes the lines away until the next drawing, which is in full though they be the same. */
  clear(): void {
    this.hide()
    this.frame = ''
  }

  /** Prints a line that stays, above the others. */
  printLine(line: string): void {
    const text = `${this.lineIsOpen ? '\n' : ''}${line}\n`
    this.makeRoom(() => this.print(text), text)
  }

  /** Takes the lines away and gives the terminal back. Calling it again does nothing. */
  close(): void {
    if (this.releases.length === 0) return
    this.clear()
    this.print(showCursor)
    for (const release of this.releases.splice(0)) release()
  }

  private makeRoom(write: () => unknown, text: string | Uint8Array): unknown {
    this.hide()
    const result = write()
    this.lineIsOpen = text.length > 0 ? !endsLine(text) : this.lineIsOpen
    this.show()
    return result
  }

  private show(): void {
    if (this.lineIsOpen || this.frame === '') return
    this.print(this.frame)
    this.visible = true
  }

  private hide(): void {
    if (this.visible) this.print(`\r${eraseBelow}`)
    this.visible = false
  }
}

function endsLine(text: string | Uint8Array): boolean {
  const last = text.at(-1)
  return last === '\n' || last === 10
}

/** Lets `around` call a stream's own `write` in its time. Returns what ends that. */
function intercept(
  stream: Terminal,
  around: (write: () => unknown, text: string | Uint8Array) => unknown,
): () => void {
  const target = stream as unknown as { write?: Write }
  const own = Object.getOwnPropertyDescriptor(target, 'write')
  const original = target.write as Write
  let active = true
  const replacement: Write = (...args) => {
    const write = (): unknown => original.apply(stream, args)
    return active ? around(write, args[0] as string | Uint8Array) : write()
  }
  target.write = replacement
  return () => {
    active = false
    // Somebody who has replaced it in the meantime keeps ours, which only passes on by now.
    if (target.write !== replacement) return
    if (own === undefined) delete target.write
    else Object.defineProperty(target, 'write', own)
  }
}
