/** Packs each public package once and looks at what would be published: publint, then "are the types wrong". */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { capture, must } from './processes.mjs'

const folder = mkdtempSync(join(tmpdir(), 'hookstep-'))
let failures = 0

async function verify(program, args) {
  const { exitCode, output } = await capture(program, args)
  if (exitCode === 0) return
  failures += 1
  console.log(output)
}

/** The export map is written twice, with the source condition and without: both name the same entries. */
function compareExports(name, { exports, publishConfig }) {
  const entries = Object.keys(exports).join(' ')
  const published = Object.keys(publishConfig.exports).join(' ')
  if (entries === published) return
  failures += 1
  console.log(`packages/${name}: "exports" names ${entries}, "publishConfig.exports" names ${published}`)
}

try {
  for (const name of readdirSync('packages')) {
    const tarball = join(folder, `${name}.tgz`)
    compareExports(name, JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8')))
    await must('pnpm', ['--dir', `packages/${name}`, 'pack', '--out', tarball])
    await verify('publint', ['run', tarball, '--strict'])
    await verify('attw', [tarball, '--profile', 'esm-only', '--format', 'ascii'])
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failures === 0 ? 0 : 1
