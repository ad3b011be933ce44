import { expect, test } from 'vitest'
import { EmulatedTerminal } from './emulated-terminal.ts'
import { bundle, shell, temporaryFolder } from './processes.ts'

test.each([
  ['exit', { code: 3, signal: null }],
  ['throw', { code: 1, signal: null }],
  ['SIGINT', { code: null, signal: 'SIGINT' }],
  ['SIGTERM', { code: null, signal: 'SIGTERM' }],
  ['SIGINT, handled once', { code: 7, signal: null }],
  ['SIGINT, handled each time', { code: 7, signal: null }],
])('a process that ends by %s leaves the cursor visible and no bar', async (way, ended) => {
  const script = await bundle('bar', await temporaryFolder())
  const { output, ...left } = await shell(`exec node ${script} '${way}'`)
  expect(left).toEqual(ended)

  const [hide, show] = ['\x1b[?25l', '\x1b[?25h']
  expect(output.lastIndexOf(show)).toBeGreaterThan(output.lastIndexOf(hide))

  const terminal = new EmulatedTerminal(80, 24)
  terminal.write(output)
  const text = await terminal.text()
  // Node prints the error that nobody caught itself, over what is there.
  const [first] = text.split('\n')
  expect(way === 'throw' ? first : text).toBe('a warning on the other stream')
})
