import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { onTestFinished } from 'vitest'

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hookstep-wandb-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Bundles `test/children/<name>.ts`, as Node 20 cannot run TypeScript. */
export async function bundle(name: string, folder: string): Promise<string> {
  const outfile = join(folder, `${name}.mjs`)
  await build({
    entryPoints: [fileURLToPath(new URL(`children/${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    conditions: ['hookstep:source'],
  })
  return outfile
}

/** What a process left. */
export interface Left {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What it wrote to its outputs, as it came. */
  readonly output: string
}

/** Runs a shell command to its end; `watch` sees the process and its output while it comes. */
export async function shell(
  command: string,
  watch: (output: string, child: ChildProcess) => void = () => {},
): Promise<Left> {
  const child = spawn('sh', ['-c', `exec 2>&1; ${command}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    watch(output, child)
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, output }
}
