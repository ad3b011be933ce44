/**
 * The commands of this workspace, for a machine with Node and npm and nothing else.
 *
 *   npm start -- [flags of the app]         apps/digits
 *   npm test                                every check and every test
 *   npm run bench -- <name> [flags]         bench/src/<name>.ts
 *   npm run interop                         what others read of the files that are written
 *   npm run pnpm -- <arguments of pnpm>     the pnpm that this workspace is pinned to
 *
 * Each installs and builds what it needs first: quietly, and again only when something has changed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { check } from './check.mjs'
import { must, run, usePnpm } from './processes.mjs'

const commands = { start, test, bench, interop, pnpm }

async function start(flags) {
  await install()
  await build('digits')
  return run(process.execPath, ['apps/digits/dist/main.js', ...flags])
}

async function test() {
  await install()
  return check()
}

async function bench([name = '--help', ...flags]) {
  const names = readdirSync('bench/src').flatMap((file) => file.match(/^(.+)\.ts$/)?.[1] ?? [])
  if (name === '--help') {
    console.log(`npm run bench -- <name> [--json] [--quick]: the benchmarks are named ${names.join(', ')}`)
    return 0
  }
  if (!names.includes(name)) {
    throw new Error(`npm run bench -- ${name}: the benchmarks are named ${names.join(', ')}`)
  }
  await install()
  await build('bench')
  return run(process.execPath, [`bench/dist/${name}.js`, ...flags])
}

async function interop() {
  await install()
  await build('interop')
  return run(process.execPath, ['interop/dist/main.js'])
}

async function pnpm(flags) {
  await usePnpm()
  return run('pnpm', flags)
}

/** Brings node_modules in step with the lockfile, which takes a moment when it is. */
async function install() {
  if (!isInstalled()) console.error('Installing dependencies (once)…')
  await usePnpm()
  // pnpm refuses versions younger than a day, even locked ones, unless told otherwise.
  await must('pnpm', ['install', '--frozen-lockfile', '--config.minimumReleaseAge=0'])
}

/** pnpm keeps a copy of the lockfile that node_modules was made from. */
function isInstalled() {
  const copy = 'node_modules/.pnpm/lock.yaml'
  return existsSync(copy) && readFileSync(copy, 'utf8') === readFileSync('pnpm-lock.yaml', 'utf8')
}

/** Builds one package of the workspace and what it depends on; what has not changed comes from a cache. */
async function build(name) {
  const slow = setTimeout(() => console.error('Building…'), 1000)
  try {
    await must('turbo', ['run', 'build', `--filter=${name}...`, '--output-logs=errors-only'])
  } finally {
    clearTimeout(slow)
  }
}

function main([name = '', ...flags]) {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(`Hookstep needs Node 20.19 or later; this is Node ${process.versions.node}`)
  }
  if (!Object.hasOwn(commands, name)) {
    throw new Error(`hookstep.mjs ${name}: the commands are ${Object.keys(commands).join(', ')}`)
  }
  process.chdir(fileURLToPath(new URL('..', import.meta.url)))
  return commands[name](flags)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error.output ?? error.message)
  process.exitCode = error.exitCode ?? 1
}
