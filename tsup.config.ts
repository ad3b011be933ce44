import { readFileSync } from 'node:fs'
import { defineConfig } from 'tsup'

/** A package's entries are what its export map names as sources, and its commands; an app's is its main file. */
interface Manifest {
  exports?: Record<string, { 'hookstep:source': string }>
  bin?: Record<string, string>
}

const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
const commands = Object.values(bin ?? {}).map((file) =>
  file.replace('/dist/', '/src/').replace(/\.js$/, '.ts'),
)
const sources = [...Object.values(exports ?? {}).map((target) => target['hookstep:source']), ...commands]

export default defineConfig({
  entry: sources.length > 0 ? sources : ['src/main.ts'],
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  sourcemap: true,
  clean: true,
  // TypeScript 7 has no compiler API for tsup to use: `tsc` writes the declarations afterwards.
  dts: false,
  silent: true,
})
