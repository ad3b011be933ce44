import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CodeBlock } from './code-blocks.ts'
import { filesBelow, packages, read, root } from './workspace.ts'

/** What is wrong with the commands of a shell block: what they name and what does not exist. */
export function shellProblems({ page, line, code }: CodeBlock): string[] {
  return code.split('\n').flatMap((text, at) =>
    commandsIn(text)
      .map((words) => problemOf(words, page))
      .filter((problem) => problem !== undefined)
      .map((problem) => `${page}:${line + at}: ${problem}`),
  )
}

/** The words of each command of a line, without comments, prompts and assignments. */
function commandsIn(text: string): string[][] {
  return text
    .replace(/(^|\s)#.*$/, '')
    .replace(/^\s*\$ /, '')
    .split(/&&|\|\|?|;/)
    .map((command) => command.trim().split(/\s+/).filter(Boolean))
    .map((words) => words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word))))
    .filter((words) => words.length > 0)
}

function problemOf([program = '', ...words]: readonly string[], page: string): string | undefined {
  const checks: Record<string, () => string | undefined> = {
    npm: () => npmProblem(words),
    npx: () => undefined,
    node: () =>
      missingFile(
        words.find((word) => !word.startsWith('-')),
        page,
      ),
    cd: () => missingFile(words[0], page),
  }
  return checks[program]?.()
}

function npmProblem([command = '', ...words]: readonly string[]): string | undefined {
  if (command === 'run') return scriptProblem(words[0] ?? '', words.slice(1))
  if (command === 'start' || command === 'test') return scriptProblem(command, words)
  const named = words.filter((word) => word.startsWith('@hookstep/'))
  if (command === 'create' || command === 'init') {
    return packageProblem(named.map((name) => name.replace('/', '/create-')))
  }
  return packageProblem(named)
}

function scriptProblem(script: string, words: readonly string[]): string | undefined {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  if (!(script in scripts)) return `package.json has no script "${script}"`
  if (script === 'start') return flagProblem(words, 'apps/digits/src')
  return script === 'bench' ? (flagProblem(words, 'bench/src') ?? benchmarkProblem(words)) : undefined
}

/** A flag is there where the program's sources name it. */
function flagProblem(words: readonly string[], folder: string): string | undefined {
  const sources = [...filesBelow(folder, '.ts'), 'scripts/hookstep.mjs'].map(read).join('\n')
  const flags = words.filter((word) => /^--./.test(word)).map((word) => word.slice(2).split('=')[0])
  const unknown = flags.find((flag) => !new RegExp(`(^|[\\s'"\`-])${flag}([\\s'"\`:=]|$)`, 'm').test(sources))
  return unknown === undefined ? undefined : `${folder} has no flag --${unknown}`
}

function benchmarkProblem(words: readonly string[]): string | undefined {
  const name = words.slice(words.indexOf('--') + 1).find((word) => !word.startsWith('-'))
  if (name === undefined || name === 'bench' || existsSync(join(root, `bench/src/${name}.ts`))) return
  return `there is no benchmark bench/src/${name}.ts`
}

function packageProblem(named: readonly string[]): string | undefined {
  const known = new Set(packages().map(({ name }) => name))
  const unknown = named.map((name) => name.replace(/(?<=.)@[^@/]*$/, '')).find((name) => !known.has(name))
  return unknown === undefined ? undefined : `there is no package ${unknown}`
}

/** Paths are from the root, or from the page's folder. */
function missingFile(path: string | undefined, page: string): string | undefined {
  if (path === undefined || path === '-' || existsSync(join(root, path))) return
  return existsSync(join(root, dirname(page), path)) ? undefined : `there is no ${path}`
}
