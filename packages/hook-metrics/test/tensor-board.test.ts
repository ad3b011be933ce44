import { readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunState } from '@hookstep/catalogue'
import { tensorBoard } from '@hookstep/hook-metrics/node'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fileVersion, sessionStart, summary } from '../src/tensorboard/events.ts'
import { crc32c } from '../src/tensorboard/records.ts'
import { hyperparameters, mediaValue, scalars } from '../src/tensorboard/summaries.ts'
import { resuming, saving, stoppingAfter } from './checkpoints.ts'
import { eventsIn } from './event-files.ts'
import { temporaryFolder } from './processes.ts'
import { evaluated, small, trainWith } from './runs.ts'
import { shown, telling } from './telling.ts'

describe('records are, byte for byte, those that TensorBoard itself writes:', () => {
  /** Written by tensorboard 2.21.0: RecordWriter, and the messages of tensorboard.compat.proto. */
  const golden = {
    'the version': '1800000000000000a37f4b22090000d0c393c0da411a0d627261696e2e4576656e743a32f0a892a0',
    'two numbers':
      '3d000000000000006049f1ec090000d0c393c0da4110ac022a2f0a110a0a747261696e2f6c6f7373150000803e0a1a0a13747261696e2f6c6561726e696e675f72617465156f12833ab1242b27',
    'a histogram':
      '8400000000000000411d8aef090000d0c393c0da4110042a770a750a106772616469656e74732f6b65726e656c2a6109000000000000f0bf11000000000000004019000000000000104021000000000000d03f290000000000800e4032180000000000000000000000000000f83f00000000000000403a1800000000000008400000000000000000000000000000f03f438180d3',
    'a text':
      '410000000000000000a9c2ab090000d0c393c0da4110042a340a320a05776f726473421f08071204120208014215746f2062652c20226f72206e6f74220a746f2062654a080a060a04746578749f815234',
    'where a run starts': '0f000000000000006d532b09090000d0c393c0da41100a3a0208011efbaae3',
    hyperparameters:
      '6300000000000000b16b13d9090000d0c393c0da412a580a560a1c5f68706172616d735f2f73657373696f6e5f73746172745f696e666f4204080112004a300a2e0a0768706172616d7312231a210a160a09626174636853697a651209110000000000002040290000d0c393c0da41ae6c0447',
  }
  const seconds = 1795313423.25

  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 1000 * seconds }))
  afterEach(() => void vi.useRealTimers())

  test.each([
    ['the version', fileVersion],
    ['two numbers', () => summary(300, scalars('train', { loss: 0.25, learning_rate: 0.001 }))],
    ['a histogram', () => summary(4, [mediaValue('gradients/kernel', shown['gradients/kernel'])])],
    ['a text', () => summary(4, [mediaValue('words', shown.words)])],
    ['where a run starts', () => sessionStart(10)],
    ['hyperparameters', () => summary(0, [hyperparameters({ batchSize: 8, maximum: null }, seconds)])],
  ] as const)('%s', (name, write) => {
    expect(Buffer.from(write()).toString('hex')).toBe(golden[name])
  })

  test('their checksum is that of RFC 3720, appendix B.4', () => {
    const counting = Uint8Array.from({ length: 32 }, (_, i) => i)
    expect([new Uint8Array(32), new Uint8Array(32).fill(255), counting].map(crc32c)).toEqual([
      0x8a9136aa, 0x62a8ab43, 0x46dd794e,
    ])
  })
})

describe('event files', () => {
  let folder: string

  beforeEach(async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    folder = join(await temporaryFolder(), 'runs', 'first')
  })

  const beginning = ['brain.Event:2', 'START 0', 'configuration 0', '_hparams_/session_start_info 0']

  test('have what a run is made with, its numbers and what was shown', async () => {
    await trainWith([tensorBoard(folder), telling(4)], { ...evaluated, epochs: 1 })
    expect(await eventsIn(folder)).toEqual([
      [
        ...beginning,
        ...['train/loss 4', 'train/absolute_error 4', 'train/learning_rate 4'],
        'system/cpu_percent 4',
        'system/broken 4',
        'words 4',
        'picture 4',
        'gradients/kernel 4',
        'guesses 4',
        ...['train/loss 8', 'train/absolute_error 8', 'train/learning_rate 8'],
        ...['evaluation/loss 8', 'evaluation/absolute_error 8'],
      ],
    ])
  })

  test('of a run that is resumed go on in another one, and drop what came after the checkpoint', async () => {
    const states: RunState[] = []
    await trainWith([tensorBoard(folder), saving(9, states), stoppingAfter(14)], small)
    const [name = ''] = await readdir(folder)
    const torn = join(folder, name)
    await truncate(torn, (await stat(torn)).size - 10)
    await trainWith([tensorBoard(folder), resuming(states[0])], small)
    await trainWith([tensorBoard(folder), resuming(states[0])], small)
    const [first = [], second, third] = await eventsIn(folder)
    expect([first.slice(0, 4), first.at(-1)]).toEqual([beginning, 'train/learning_rate 8'])
    expect(second).toEqual([
      'brain.Event:2',
      'START 10',
      ...[12, 16].flatMap((step) =>
        ['loss', 'absolute_error', 'learning_rate'].map((name) => `train/${name} ${step}`),
      ),
    ])
    expect(third).toEqual(second)
  })

  test('of another run are kept: this one gets a folder of its own, and says so', async () => {
    const [first, second] = [tensorBoard(folder), tensorBoard(folder)]
    await trainWith([first], small)
    const states: RunState[] = []
    const { warnings } = await trainWith([second, saving(9, states)], small)
    expect([first.folder, second.folder]).toEqual([folder, `${folder}-2`])
    expect(warnings).toEqual([
      `tensorboard: there is a run in ${folder} already, which is kept; this one is written to ${folder}-2`,
    ])
    expect((await eventsIn(`${folder}-2`)).map((events) => events.slice(0, 4))).toEqual([beginning])
    await rm(`${folder}-2`, { recursive: true })
    const { warnings: after } = await trainWith([tensorBoard(folder), resuming(states[0])], small)
    expect(after).toEqual([
      `tensorboard: the event files of the run that goes on are not in ${folder}; those in ${folder}-2 begin at this step`,
    ])
  })

  test('of two runs at once lie in two folders', async () => {
    const both = [tensorBoard(folder), tensorBoard(folder)]
    await Promise.all(both.map((hook) => trainWith([hook], small)))
    expect(both.map((hook) => hook.folder).sort()).toEqual([folder, `${folder}-2`])
    for (const { folder: its } of both) {
      expect((await eventsIn(its)).map((events) => events.length)).toEqual([4 + 4 * 3])
    }
  })

  test('need a folder', () => {
    expect(() => tensorBoard('')).toThrow(`tensorBoard(""): name a folder, such as 'runs/digits'`)
  })
})
