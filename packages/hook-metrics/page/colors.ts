/** Told apart on light and on dark ground, and by most who see colours differently. */
const palette = [
  '#4c78dd',
  '#f0803c',
  '#2fa866',
  '#b565e0',
  '#e0525f',
  '#1ba5b8',
  '#d6a10f',
  '#e06aa8',
  '#8a8f98',
  '#9a6b4f',
]

/** The colour of the n-th run. */
export function colorOf(index: number): string {
  return palette[index % palette.length] as string
}

/** The colours that the canvas of a chart cannot take from the style sheet by itself. */
export interface Theme {
  readonly text: string
  readonly grid: string
  readonly surface: string
}

export function themeOf(element: Element): Theme {
  const style = getComputedStyle(element)
  const read = (name: string): string => style.getPropertyValue(name).trim()
  return { text: read('--text-3'), grid: read('--grid'), surface: read('--surface') }
}
