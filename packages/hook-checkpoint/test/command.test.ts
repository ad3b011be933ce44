import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { every } from '@hookstep/catalogue'
import { checkpoint, folder as folderStore, loadCheckpoint } from '@hookstep/hook-checkpoint/node'
import { inMemoryGroup } from '@hookstep/trainer'
import { expect, test } from 'vitest'
import { command } from '../src/command/command.ts'
import { subcommands } from '../src/command/subcommands.ts'
import { fromSafetensors } from '../src/safetensors.ts'
import { temporaryFolder } from './processes.ts'
import { damage, trainWith } from './runs.ts'

test('lists what there is, of several ranks, too', async () => {
  const folder = await saved({ steps: 4 })
  await damage(folderStore(folder), 'step-00000002')
  expect(lasting(await run('list', '--folder', folder))).toBe(`0
name           step  DATE SIZE evaluation                            why
step-00000004  4     DATE SIZE loss 0.32742, absolute_error 0.48232  every 2 steps, at the end
step-00000002  2     DATE SIZE every 2 steps, at the end`)

  const shared = join(await temporaryFolder(), 'checkpoints')
  const ranks = inMemoryGroup(2).map((distributed) => {
    return trainWith([checkpoint({ folder: shared })], { steps: 2, batchSize: 2, distributed })
  })
  await Promise.all(ranks)
  const listed = JSON.parse((await run('list', '--json', '-f', shared)).slice('0\n'.length))
  expect(listed).toMatchObject([
    { name: 'rank-0/step-00000002', rank: 0, worldSize: 2, sequence: 1, bytes: expect.any(Number) },
    { name: 'rank-1/step-00000002', rank: 1, worldSize: 2, sequence: 1, bytes: expect.any(Number) },
  ])
})

test('verifies every byte', async () => {
  const folder = await saved({ steps: 4 })
  expect(await run('verify', '-f', folder)).toBe('0\nstep-00000004: valid')
  await damage(folderStore(folder), 'step-00000002')
  expect(await run('verify', '--all', '-f', folder)).toMatch(
    /^1\nstep-00000002: refused: parameters\.safetensors is damaged: .*\nstep-00000004: valid$/,
  )
  expect(await run('verify', 'step-00000002', '--json', '-f', folder)).toMatch(/^1\n\[\n {2}\{\n {4}"name"/)
})

test('what is no checkpoint is not verified; where there is none, that is not all is well', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'logs'))
  await writeFile(join(folder, 'logs', 'run.txt'), 'step 1')
  expect(await run('verify', '--all', '-f', folder)).toBe(`2\n${folder} has no checkpoint`)
  await saved({ folder, steps: 2 })
  expect(await run('verify', '--all', '-f', folder)).toBe('0\nstep-00000002: valid')
})

test('tells in what two differ', async () => {
  const [folder, other] = [await saved({ steps: 4 }), await saved({ steps: 4, learningRate: 0.01 })]
  const twin = await saved({ steps: 4 })
  expect(await run('diff', 'step-00000004', `${twin}/step-00000004`, '-f', folder)).toMatch(
    /^0\n.* are the same$/,
  )
  expect(await run('diff', 'step-00000004', `${other}/step-00000004`, '-f', folder)).toBe(`1
array                         numbers that differ  by at most
parameters/layer1/kernel      3 of 3               0.28031
parameters/layer1/bias        3 of 3               0.28505
parameters/layer2/kernel      3 of 3               0.396
parameters/layer2/bias        1 of 1               0.1726
slots/layer1/kernel/momentum  3 of 3               2.9087
slots/layer1/bias/momentum    3 of 3               4.4194
slots/layer2/kernel/momentum  3 of 3               3.7418
slots/layer2/bias/momentum    1 of 1               3.2007
configuration.learningRate: 0.05 and 0.01`)
  const told = (await run('diff', '--json', 'step-00000002', 'step-00000004', '-f', folder)).slice(
    '1\n'.length,
  )
  expect(JSON.parse(told)).toMatchObject({
    same: false,
    only: [],
    facts: expect.arrayContaining([{ path: 'step', values: [2, 4] }]),
  })
})

test('pins, so that retention leaves it, also of a run under way', async () => {
  const folder = await saved({ steps: 2 })
  expect(await run('pin', 'step-00000002', '-f', folder)).toBe('0\nstep-00000002 is pinned')
  await saved({ folder, steps: 4, keep: 1 })
  expect(await folderStore(folder).list()).toEqual(['step-00000002', 'step-00000004'])
  expect(await run('unpin', 'step-00000002', '-f', folder)).toBe('0\nstep-00000002 is left to retention')
  expect(await run('verify', '--all', '-f', folder)).toBe('0\nstep-00000002: valid\nstep-00000004: valid')
  await saved({ folder, steps: 6, keep: 1 })
  expect(await folderStore(folder).list()).toEqual(['step-00000006'])
})

test('exports parameters as safetensors, over nothing that is there', async () => {
  const folder = await saved({ steps: 2 })
  const to = join(dirname(folder), 'export')
  const file = join(to, 'model.safetensors')
  expect(await run('export', '--to', to, '-f', folder)).toBe(`0\n${file}`)
  const { parameters } = (await loadCheckpoint(folder)).session
  expect(fromSafetensors(new Uint8Array(await readFile(file)))).toEqual(parameters)
  expect(await run('export', '--to', to, '-f', folder)).toBe(
    `1\n${file} is there already, and stays as it is: name another folder`,
  )
  expect(await run('export', '--to', to, '--format', 'tfjs', '-f', folder)).toBe(
    '1\nthe checkpoint does not tell how its model is built: it is no tf.LayersModel; take safetensors',
  )
})

test('helps, and refuses what it does not understand', async () => {
  const folder = await saved({ steps: 2 })
  const help = await run('--help')
  for (const name of Object.keys(subcommands)) {
    expect(help).toContain(`  ${name} `)
    expect(await run(name, '--help')).toMatch(new RegExp(`^0\nnpx @hookstep/hook-checkpoint ${name} `))
  }
  const refused = [
    [],
    ['lst'],
    ['list', '--al'],
    ['list', '--all'],
    ['diff', 'step-00000002'],
    ['verify', 'step-2'],
    ['verify', '--all', 'step-00000002'],
    ['export'],
    ['export', '--to', 'x', '--format', 'onnx'],
    ['list', '-f', 'nowhere'],
  ]
  const answers: string[] = []
  for (const args of refused)
    answers.push((await run('-f', folder, ...args)).split('\n').slice(0, 2).join(' '))
  expect(answers.map((answer) => answer.replaceAll(folder, 'FOLDER'))).toEqual([
    '2 Looks after the checkpoints of a Hookstep run.',
    '2 there is no subcommand lst; did you mean list? (--help lists all)',
    "2 Unknown option '--al'. To specify a positional argument starting with a '-', place it at the end of the command after '--', as in '-- \"--al\" (--help lists all flags)",
    '2 list takes no --all: list [--json]',
    '2 write diff NAME NAME [--json]',
    '2 FOLDER has no checkpoint step-2; the names most like it are step-00000002',
    '2 write either step-00000002 or --all',
    '2 name the folder to write to: --to DIR',
    '2 there is no format onnx; there are safetensors, tfjs',
    '2 there is no folder nowhere: name one with --folder',
  ])
})

/** The exit code, and what is printed. */
async function run(...args: readonly string[]): Promise<string> {
  const lines: string[] = []
  const print = (text: string): void => void lines.push(text)
  const code = await command(args, print, print)
  return [code, ...lines].join('\n')
}

interface Saving {
  readonly steps: number
  readonly folder?: string
  readonly learningRate?: number
  readonly keep?: number
}

/** A folder with the checkpoints of a run, every second step. */
async function saved({ folder, keep = 9, ...options }: Saving): Promise<string> {
  const place = folder ?? join(await temporaryFolder(), 'checkpoints')
  const when = every('2 steps', { last: true })
  await trainWith([checkpoint({ folder: place, when, keep: { last: keep } })], options)
  return place
}

/** Without what is another each time; the lengths of numbers in a file are, too. */
function lasting(text: string): string {
  return text
    .replace(/taken +size +/, 'DATE SIZE ')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z +[\d.]+ kB +/g, 'DATE SIZE ')
}
