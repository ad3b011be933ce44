import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import { onTestFinished } from 'vitest'

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hookstep-checkpoint-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Bundles `test/children/<name>.ts`, as Node 20 cannot run TypeScript. */
export async function bundle(name: string, folder: string, options: BuildOptions = {}): Promise<string> {
  const outfile = join(folder, `${name}.mjs`)
  await build({
    entryPoints: [fileURLToPath(new URL(`children/${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    conditions: ['hookstep:source'],
    ...options,
  })
  return outfile
}

/** Runs a program of Node's to its end. @returns what it wrote, and how it ended. */
export async function output(args: readonly string[], options: SpawnOptions = {}): Promise<string> {
  const child = started(args, options)
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return `${text}${signal ?? code}`
}

/** Starts a program of Node's, and waits for the first that it writes. */
export async function begun(args: readonly string[]): Promise<ChildProcess> {
  const child = started(args)
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  return child
}

export async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}

function started(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}
