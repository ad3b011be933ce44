/** Packs the package in the current folder and looks at what would be published. `npm test` runs it in each. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must } from './processes.mjs'

/** The export map is written twice, with the source condition and without: both name the same entries. */
function compareExports({ name, exports, publishConfig }) {
  const entries = Object.keys(exports).join(' ')
  const published = Object.keys(publishConfig.exports).join(' ')
  if (entries === published) return
  throw new Error(`${name}: "exports" names ${entries}, "publishConfig.exports" names ${published}`)
}

const folder = mkdtempSync(join(tmpdir(), 'hookstep-'))
const tarball = join(folder, 'package.tgz')
try {
  compareExports(JSON.parse(readFileSync('package.json', 'utf8')))
  await must('pnpm', ['pack', '--out', tarball])
  await must('publint', ['run', tarball, '--strict'])
  await must('attw', [tarball, '--profile', 'esm-only', '--format', 'ascii'])
} catch (error) {
  console.error(error.output ?? error.message)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
