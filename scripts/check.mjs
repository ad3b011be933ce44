/** `npm test`: a line for each check, all that it printed if it failed, and the count of the tests at the end. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { capture } from './processes.mjs'

const failed = []

/** Runs every check, and returns the exit code. */
export async function check() {
  // Two at a time, and the tests by themselves: some of them measure time.
  await Promise.all([checkPackages(), checkSources()])
  const count = await countTests()
  if (failed.length > 0) console.log(`Failed: ${failed.join(', ')}`)
  console.log(count)
  return failed.length === 0 ? 0 : 1
}

/** Turbo says what failed and nothing else, and goes on to find what else fails. */
const turbo = ['--output-logs=errors-only', '--continue', '--concurrency=1']

async function checkPackages() {
  if (!(await passes('build', 'turbo', ['run', 'build', ...turbo]))) return
  await passes('packages', 'turbo', ['run', 'check', ...turbo])
  await passes('sizes', 'size-limit', [])
}

async function checkSources() {
  await passes('style', 'biome', ['check', '--error-on-warnings'])
  await passes('imports', 'node', ['scripts/check-imports.mjs'])
  await passes('unused', 'knip', ['--no-config-hints'])
  await passes('types', 'turbo', ['run', 'typecheck', ...turbo])
}

/** Runs the tests, and returns their count as a line. What fails outside of any test counts as one. */
async function countTests() {
  const folder = mkdtempSync(join(tmpdir(), 'hookstep-'))
  const file = join(folder, 'tests.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${file}`]
  const passed = await passes('tests', 'vitest', ['run', ...reporters])
  const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  rmSync(folder, { recursive: true })

  const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0 } = report
  const skipped = numPendingTests + numTodoTests
  const count = `${numPassedTests} passed, ${Math.max(numFailedTests, passed ? 0 : 1)} failed`
  return skipped > 0 ? `${count}, ${skipped} skipped` : count
}

/** Runs one check, prints how it went, and says whether it passed. */
async function passes(name, program, args) {
  const started = performance.now()
  const { exitCode, output } = await capture(program, args)
  const passed = exitCode === 0
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${passed ? 'ok    ' : 'FAILED'}  ${name.padEnd(10)} ${seconds.padStart(6)} s`)
  if (passed) return true
  failed.push(name)
  console.log(output)
  return false
}
