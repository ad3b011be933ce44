import type { Media } from '@hookstep/catalogue'
import { oneLine } from '../figures.ts'

/** A table as Markdown has them; a cell is one line there. */
export function markdownTable({ columns, rows }: Extract<Media, { kind: 'table' }>): string {
  return [columns, columns.map(() => '---'), ...rows].map(line).join('\n')
}

function line(cells: readonly (string | number | boolean | null)[]): string {
  return `| ${cells.map((cell) => oneLine(String(cell ?? '')).replaceAll('|', '\\|')).join(' | ')} |`
}
