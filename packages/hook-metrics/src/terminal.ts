import { styleText } from 'node:util'
import isUnicodeSupported from 'is-unicode-supported'

/** Where the progress is shown: `process.stdout` is one. */
export interface Terminal {
  write(text: string): unknown
  /** Whether it is a terminal; otherwise it receives plain lines. */
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  hasColors?(): boolean
  on?(event: 'resize', listener: () => void): unknown
  off?(event: 'resize', listener: () => void): unknown
}

/** How text can be shown on a terminal. */
export interface Look {
  /** Characters that fit in a line. */
  readonly columns: number
  /** Whether it has more than ASCII. */
  readonly unicode: boolean
  readonly paint: (style: Style, text: string) => string
}

export type Style = 'plain' | 'dim' | 'cyan' | 'magenta'

/** Whether lines can be drawn over: not where output goes to a file, or to the log of a build server. */
export function canRedraw(terminal: Terminal): boolean {
  const { CI = '', TERM } = process.env
  return terminal.isTTY === true && ['', '0', 'false'].includes(CI) && TERM !== 'dumb'
}

/** The last column stays free: a character there makes some terminals begin a new line. */
export function lookOf(terminal: Terminal): Look {
  const colored = terminal.hasColors?.() === true
  return {
    columns: Math.max(1, (terminal.columns ?? 80) - 1),
    unicode: isUnicodeSupported(),
    paint: (style, text) =>
      colored && style !== 'plain' && text !== '' ? styleText(style, text, { validateStream: false }) : text,
  }
}
