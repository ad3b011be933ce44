import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'

const script = fileURLToPath(new URL('../check-imports.mjs', import.meta.url))
const trees: string[] = []

afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true })
})

/** Runs the check on a made-up workspace, given as its files, and returns what it prints and its exit code. */
function check(files: Record<string, string>): string {
  const tree = mkdtempSync(join(tmpdir(), 'hookstep-imports-'))
  trees.push(tree)
  const manifest = JSON.stringify({ exports: { '.': { 'hookstep:source': './src/index.ts' } } })
  for (const [path, text] of Object.entries(files)) {
    const folder = path.split('/').slice(0, /^(packages|apps)/.test(path) ? 2 : 1)
    mkdirSync(dirname(join(tree, path)), { recursive: true })
    writeFileSync(join(tree, ...folder, 'package.json'), manifest)
    writeFileSync(join(tree, path), text)
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, tree], { encoding: 'utf8' })
  return `${stdout}${stderr}exit code ${status}`
}

test('a workspace that keeps the rules passes', () => {
  expect(
    check({
      'packages/core/src/index.ts': `export { bus } from './bus.ts'\nexport type * from './types.ts'`,
      'packages/core/src/bus.ts': `import type { T } from './types.ts'\nexport const bus = 1 as T`,
      'packages/core/src/types.ts': 'export type T = number',
      'packages/core/test/bus.test.ts': `import { readFileSync } from 'node:fs'\nimport '../src/bus.ts'`,
      'packages/catalogue/src/train.ts': `export * as configuration from './configuration.ts'`,
      'packages/trainer/src/backend.ts': 'export interface Backend {}\nexport interface Session {}',
      'packages/trainer/src/trainer.ts': `import { train } from '@hookstep/catalogue'`,
      'packages/backend-tfjs/src/index.ts': `import type { Backend } from '@hookstep/trainer'\nimport * as tf from '@tensorflow/tfjs'`,
      'packages/hook-metrics/src/node.ts': `import { train } from '@hookstep/catalogue'\nimport 'node:fs'`,
      'packages/hook-metrics/test/metrics.test.ts': `import { Trainer } from '@hookstep/trainer'`,
      'packages/testing/src/index.ts': `import { Trainer } from '@hookstep/trainer'`,
      'apps/digits/src/main.ts': `import { cpu } from '@hookstep/backend-tfjs'\nimport('./' + cpu)`,
    }),
  ).toBe('exit code 0')
})

test('core imports nothing, however it is written', () => {
  const imports = [
    `import fs from 'node:fs'`,
    `import type { Readable } from 'stream'`,
    `const events = await import('node:events')`,
    'const os = await import(`node:os`)',
    `type Socket = import('node:net').Socket`,
    `const url = require('url')`,
    `import path = require('path')`,
    `export type { Run } from '@hookstep/catalogue'`,
    `const computed = await import(events)`,
  ]
  expect(
    check({
      'packages/core/src/index.ts': ['/// <reference types="node" />', ...imports].join('\n'),
    }),
  ).toMatchInlineSnapshot(`
    "packages/core/src/index.ts:2: 'node:fs': core imports nothing
    packages/core/src/index.ts:3: 'stream': core imports nothing
    packages/core/src/index.ts:4: 'node:events': core imports nothing
    packages/core/src/index.ts:5: 'node:os': core imports nothing
    packages/core/src/index.ts:6: 'node:net': core imports nothing
    packages/core/src/index.ts:7: 'url': core imports nothing
    packages/core/src/index.ts:8: 'path': core imports nothing
    packages/core/src/index.ts:9: '@hookstep/catalogue': core imports nothing
    packages/core/src/index.ts:10: '(computed)': core imports nothing by a computed name
    packages/core/src/index.ts:1: 'node': core imports nothing
    exit code 1"
  `)
})

test('the catalogue imports core alone, the trainer core and the catalogue', () => {
  expect(
    check({
      'packages/catalogue/src/run.ts': `import type { Trainer } from '@hookstep/trainer'\nimport 'left-pad'`,
      'packages/trainer/src/data.ts': `import { digits } from '@hookstep/hook-metrics/node'`,
      'packages/trainer/src/loop.ts': `import type { Tensor } from '@tensorflow/tfjs'`,
    }),
  ).toMatchInlineSnapshot(`
    "packages/catalogue/src/run.ts:1: '@hookstep/trainer': catalogue imports core
    packages/catalogue/src/run.ts:2: 'left-pad': catalogue imports core
    packages/trainer/src/data.ts:1: '@hookstep/hook-metrics/node': trainer imports core and catalogue
    packages/trainer/src/loop.ts:1: '@tensorflow/tfjs': trainer imports core and catalogue
    exit code 1"
  `)
})

test('callbacks run on every platform', () => {
  expect(
    check({
      'packages/callbacks/src/index.ts': `import '@hookstep/core'\nimport 'node:fs'\nimport type {} from '@tensorflow/tfjs-core'`,
      'packages/callbacks/src/dom.ts': '/// <reference lib="dom" />',
    }),
  ).toMatchInlineSnapshot(`
    "packages/callbacks/src/dom.ts:1: 'dom': callbacks runs on every platform
    packages/callbacks/src/index.ts:2: 'node:fs': callbacks runs on every platform
    packages/callbacks/src/index.ts:3: '@tensorflow/tfjs-core': callbacks runs on every platform
    exit code 1"
  `)
})

test('hooks import neither the trainer nor a backend', () => {
  expect(
    check({
      'packages/hook-metrics/src/index.ts': `export type { Trainer } from '@hookstep/trainer'`,
      'packages/hooks/src/early.ts': `const { cpu } = await import('@hookstep/backend-tfjs/wasm')`,
      'packages/callbacks/src/index.ts': `type T = import('@hookstep/trainer').Trainer`,
    }),
  ).toMatchInlineSnapshot(`
    "packages/callbacks/src/index.ts:1: '@hookstep/trainer': a hook never imports the trainer
    packages/hook-metrics/src/index.ts:1: '@hookstep/trainer': a hook never imports the trainer
    packages/hooks/src/early.ts:1: '@hookstep/backend-tfjs/wasm': a hook never imports a backend
    exit code 1"
  `)
})

test('backends import types of the trainer, and never the catalogue', () => {
  expect(
    check({
      'packages/backend-cuda/src/index.ts': `import type { Run } from '@hookstep/catalogue'`,
      'packages/backend-tfjs/src/index.ts': `import { Trainer } from '@hookstep/trainer'\nimport { type Backend } from '@hookstep/trainer'`,
    }),
  ).toMatchInlineSnapshot(`
    "packages/backend-cuda/src/index.ts:1: '@hookstep/catalogue': a backend never imports the catalogue
    packages/backend-tfjs/src/index.ts:1: '@hookstep/trainer': a backend imports only types of the trainer
    packages/backend-tfjs/src/index.ts:2: '@hookstep/trainer': a backend imports only types of the trainer
    exit code 1"
  `)
})

test('testing imports neither hooks nor backends', () => {
  expect(
    check({ 'packages/testing/src/index.ts': `import '@hookstep/backend-tfjs'` }),
  ).toMatchInlineSnapshot(`
    "packages/testing/src/index.ts:1: '@hookstep/backend-tfjs': testing imports core, catalogue and trainer
    exit code 1"
  `)
})

test('nobody reaches into the sources of another package', () => {
  expect(
    check({
      'packages/hook-metrics/test/a.test.ts': `import '../../core/src/bus.ts'`,
      'apps/digits/src/main.ts': `import '@hookstep/core/src/bus.ts'`,
      'bench/src/dispatch.ts': `export * from '../../packages/core/dist/index.js'`,
    }),
  ).toMatchInlineSnapshot(`
    "packages/hook-metrics/test/a.test.ts:1: '../../core/src/bus.ts': leaves its package: import the other one by its name
    apps/digits/src/main.ts:1: '@hookstep/core/src/bus.ts': reaches into the sources of core
    bench/src/dispatch.ts:1: '../../packages/core/dist/index.js': leaves its package: import the other one by its name
    exit code 1"
  `)
})

test('inside a package only an entry re-exports, and files import files', () => {
  expect(
    check({
      'packages/core/src/bus.ts': `export { event } from './event.ts'`,
      'packages/core/src/event.ts': `import { bus } from './index.ts'\nimport { hook } from '@hookstep/core'`,
    }),
  ).toMatchInlineSnapshot(`
    "packages/core/src/bus.ts:1: './event.ts': only index.ts re-exports
    packages/core/src/event.ts:1: './index.ts': inside a package, import the file
    packages/core/src/event.ts:2: '@hookstep/core': inside a package, import the file
    exit code 1"
  `)
})

test('the waist is one file', () => {
  expect(
    check({
      'packages/trainer/src/backend.ts': 'export interface Backend {}',
      'packages/trainer/src/session.ts': 'export type Session = object\nclass Backend {}',
    }),
  ).toMatchInlineSnapshot(`
    "packages/trainer/src/session.ts:1: Session is defined in packages/trainer/src/backend.ts alone
    packages/trainer/src/session.ts:2: Backend is defined in packages/trainer/src/backend.ts alone
    exit code 1"
  `)
})
