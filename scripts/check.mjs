/** `npm test`: every check, a line each, with the output of those that fail, then the count of the tests. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { capture } from './processes.mjs'

/** Turbo says what failed and nothing else, and goes on to find what else fails. */
const turbo = ['--output-logs=errors-only', '--continue', '--concurrency=1']

/** Runs all checks and returns the exit code: 0 when each has passed. */
export async function check() {
  const failed = []

  /** Runs one check, prints its result, and says whether it passed. */
  async function passes(name, program, args) {
    const started = performance.now()
    const { exitCode, output } = await capture(program, args)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`${exitCode === 0 ? 'ok    ' : 'FAILED'}  ${name.padEnd(10)} ${seconds.padStart(6)} s`)
    if (exitCode !== 0) {
      failed.push(name)
      console.log(output)
    }
    return exitCode === 0
  }

  async function published() {
    if (!(await passes('build', 'turbo', ['run', 'build', ...turbo]))) return
    await passes('packages', 'turbo', ['run', 'check', ...turbo])
    await passes('sizes', 'size-limit', [])
  }

  async function sources() {
    await passes('style', 'biome', ['check', '--error-on-warnings'])
    await passes('imports', 'node', ['scripts/check-imports.mjs'])
    await passes('unused', 'knip', ['--no-config-hints'])
    await passes('types', 'turbo', ['run', 'typecheck', ...turbo])
  }

  // Two at a time, and the tests by themselves: some of them measure time.
  await Promise.all([published(), sources()])
  const summary = await tests(passes)

  if (failed.length > 0) console.log(`Failed: ${failed.join(', ')}`)
  console.log(summary)
  return failed.length === 0 ? 0 : 1
}

/** Runs the tests and returns their count as a line. A file that could not be run counts as a failed test. */
async function tests(passes) {
  const folder = mkdtempSync(join(tmpdir(), 'hookstep-'))
  const file = join(folder, 'tests.json')
  try {
    await passes('tests', 'vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile=${file}`])
    const report = JSON.parse(readFileSync(file, 'utf8'))
    const broken = report.testResults.filter(
      (suite) =>
        suite.status === 'failed' && !suite.assertionResults.some((test) => test.status === 'failed'),
    )
    const failed = report.numFailedTests + broken.length
    const skipped = report.numPendingTests + report.numTodoTests
    return `${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
