import { existsSync, readdirSync } from 'node:fs'
import { transform } from 'esbuild'
import type { Plugin } from 'vite'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/** Vite leaves standard decorators as they are, and Node cannot run them: esbuild lowers them first. */
const decorators: Plugin = {
  name: 'hookstep:decorators',
  enforce: 'pre',
  async transform(code, id) {
    const file = id.split('?')[0] ?? id
    if (!file.endsWith('.ts') || file.includes('/node_modules/') || !/^\s*@\w/m.test(code)) return
    return transform(code, { loader: 'ts', target: 'es2022', sourcefile: file, sourcemap: true })
  },
}

/** One project for every folder with tests, named like the folder. */
const top = import.meta.dirname
const roots = ['packages', 'apps'].flatMap((folder) =>
  readdirSync(`${top}/${folder}`).map((name) => `${folder}/${name}`),
)
const projects = [...roots, 'bench', 'docs', 'scripts']
  .map((root) => `${top}/${root}`)
  .filter((root) => existsSync(`${root}/test`))
  .map(
    (root): TestProjectInlineConfiguration => ({
      extends: true,
      root,
      test: {
        name: root.split('/').at(-1) ?? root,
        include: ['test/**/*.test.ts'],
        typecheck: {
          enabled: true,
          include: ['test/**/*.test-d.ts'],
          tsconfig: 'test/tsconfig.json',
        },
      },
    }),
  )

export default defineConfig({
  plugins: [decorators],
  resolve: { conditions: ['hookstep:source'] },
  ssr: { resolve: { conditions: ['hookstep:source'] } },
  test: {
    projects,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text-summary', 'html'],
    },
  },
})
