/** Child processes: their output is kept back until it matters, and signals reach them once. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, resolve } from 'node:path'

const running = new Set()

/** Runs a program that has the terminal to itself, and returns its exit code. */
export function run(program, args) {
  return exitCode(spawn(program, args, { stdio: 'inherit' }))
}

/** Runs a program silently, and returns its exit code and all that it printed. */
export async function capture(program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  return { exitCode: await exitCode(child), output }
}

/** Runs a program silently, and throws all that it printed when it fails. */
export async function must(program, args) {
  const result = await capture(program, args)
  if (result.exitCode !== 0) throw Object.assign(new Error(`${program} failed`), result)
  return result.output
}

/** Puts the pnpm that package.json names, and the tools of this workspace, first on PATH. */
export async function usePnpm() {
  const { packageManager } = JSON.parse(readFileSync('package.json', 'utf8'))
  // Without the network when npm has it already; what npm remembers of the registry can be too old to have it.
  const folder = await npmExec(packageManager, '--prefer-offline').catch(() => npmExec(packageManager))
  process.env.PATH = [resolve('node_modules/.bin'), folder, process.env.PATH].join(delimiter)
  process.env.TURBO_TELEMETRY_DISABLED = '1'
}

/**
 * Has npm fetch a package if it is missing, and returns the folder of its programs. pnpm's own install script
 * places its binary: it has to run, whatever npm's settings for install scripts are.
 */
async function npmExec(name, ...flags) {
  const scripts = ['--yes', '--ignore-scripts=false', '--allow-scripts=pnpm', ...flags]
  const question = ['node', '-p', '"PATH=" + process.env.PATH']
  const answer = await must('npm', ['exec', ...scripts, `--package=${name}`, '--', ...question])
  return answer.match(/^PATH=(.*)$/m)[1].split(delimiter)[0]
}

function exitCode(child) {
  running.add(child)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}

/**
 * A terminal sends Ctrl-C to every process, and npm sends it once more: children get the terminal's only.
 * Any other signal is passed on; the same one within a second is npm's copy of it.
 */
const atTerminal = process.stdin.isTTY || process.stdout.isTTY
const passed = { SIGINT: 0, SIGTERM: 0 }
for (const signal of Object.keys(passed)) {
  process.on(signal, () => {
    if (running.size === 0) process.exit(128 + constants.signals[signal])
    if (signal === 'SIGINT' && atTerminal) return
    if (performance.now() - passed[signal] < 1000 && passed[signal] > 0) return
    passed[signal] = performance.now()
    for (const child of running) child.kill(signal)
  })
}
