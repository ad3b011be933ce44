import { EventEmitter } from 'node:events'
import type { Terminal } from '@hookstep/hook-metrics/node'
import xterm from '@xterm/headless'

/** A terminal whose screen can be read. */
export class EmulatedTerminal extends EventEmitter implements Terminal {
  readonly isTTY = true
  /** How often something was written. */
  writes = 0
  private readonly emulator: xterm.Terminal
  private readonly colors: boolean

  constructor(columns = 80, rows = 12, colors = false) {
    super()
    // A line feed also returns, as a tty's driver has it.
    this.emulator = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true })
    this.colors = colors
  }

  get columns(): number {
    return this.emulator.cols
  }

  get rows(): number {
    return this.emulator.rows
  }

  write(text: string | Uint8Array): boolean {
    this.writes++
    this.emulator.write(text)
    return true
  }

  hasColors(): boolean {
    return this.colors
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.settled()
    this.emulator.resize(columns, rows)
    this.emit('resize')
  }

  /** Everything printed, what has scrolled away included, without the empty lines at the end. */
  async text(): Promise<string> {
    await this.settled()
    const { active } = this.emulator.buffer
    const lines = Array.from({ length: active.length }, (_, y) => active.getLine(y)?.translateToString(true))
    return lines.join('\n').trimEnd()
  }

  /** Whether some line was too long for the terminal. */
  async wraps(): Promise<boolean> {
    await this.settled()
    const { active } = this.emulator.buffer
    return Array.from({ length: active.length }, (_, y) => active.getLine(y)?.isWrapped).includes(true)
  }

  /** The names of the colours in a line: their numbers. */
  async colorsUsed(): Promise<number[]> {
    await this.settled()
    const { active } = this.emulator.buffer
    const cells = Array.from({ length: this.rows * this.columns }, (_, i) =>
      active.getLine(active.baseY + Math.floor(i / this.columns))?.getCell(i % this.columns),
    )
    return [...new Set(cells.filter((cell) => cell?.isFgPalette()).map((cell) => cell?.getFgColor() ?? -1))]
  }

  private settled(): Promise<void> {
    return new Promise((resolve) => this.emulator.write('', resolve))
  }
}
