import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { evaluate, every, type Hook, train } from '@hookstep/catalogue'
import { checkpoint } from '@hookstep/hook-checkpoint/node'
import { hookContract } from '@hookstep/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { listCheckpoints } from '../src/listing.ts'
import { folder as folderStore } from '../src/node/folder.ts'
import { begun, bundle, temporaryFolder } from './processes.ts'
import { at, counting, lastState, learnedBy, trainWith } from './runs.ts'

describe('the contract of hooks', () => {
  const when = every('8 steps')
  const hook = async (): Promise<Hook> => checkpoint({ folder: await temporaryFolder(), when })
  for (const { name, run } of hookContract({ hook, resumes: true })) test(name, run)
})

describe('signals', () => {
  test.for(['SIGTERM', 'SIGINT'] as const)('%s saves within the step and stops', async (signal) => {
    const folder = await temporaryFolder()
    expect(await interrupted(folder, [signal], 'goes on')).toBe(`stopped 4 checkpoint ${signal}\n0`)
    expect(await saved(folder)).toEqual([`step-00000004-within-5: ${signal} (checkpoint)`])
    expect(await resumed(folder)).toEqual(await uninterrupted())
  })

  test('SIGUSR1 saves within the step and goes on', async () => {
    const folder = await temporaryFolder()
    expect(await interrupted(folder, ['SIGUSR1'], 'goes on')).toBe('finished 16 undefined undefined\n0')
    expect(await saved(folder)).toEqual([
      'step-00000016: every 1 epochs, at the end',
      'step-00000008: every 1 epochs, at the end',
      'step-00000004-within-5: SIGUSR1 (checkpoint)',
    ])
  })

  test('one that comes twice at once, from the terminal and from a parent, is one', async () => {
    const folder = await temporaryFolder()
    const ended = await interrupted(folder, ['SIGTERM', 'SIGINT'], 'goes on', 'at once')
    expect(ended).toMatch(/^stopped 4 checkpoint SIG(TERM|INT)\n0$/)
    expect(await resumed(folder)).toEqual(await uninterrupted())
  })

  test('the second one, a second later, ends the process', async () => {
    const folder = await temporaryFolder()
    expect(await interrupted(folder, ['SIGTERM', 'SIGTERM'])).toBe('143')
    expect(await saved(folder)).toEqual([])
    expect(await resumed(folder)).toEqual(await uninterrupted())
  })
})

describe('a trigger file', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] })
    vi.spyOn(console, 'warn').mockImplementation(() => {})
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  test('saves, and the run goes on; an empty one counts when it is seen again', async () => {
    const folder = await temporaryFolder()
    const summary = await trainWith([
      takingTime(),
      appearing(folder, ''),
      checkpoint({ folder, keep: { last: 9 } }),
    ])
    expect(summary).toMatchObject({ outcome: 'finished', warnings: [] })
    expect(await saved(folder)).toEqual([
      'step-00000016: every 1 epochs, at the end',
      'step-00000008: every 1 epochs, at the end',
      `step-00000003: ${folder}/save-now (checkpoint)`,
    ])
    expect(existsSync(join(folder, 'save-now'))).toBe(false)
  })

  test('stops the run where it says so', async () => {
    const folder = await temporaryFolder()
    const summary = await trainWith([
      counting(),
      takingTime(),
      appearing(folder, 'stop\n'),
      checkpoint({ folder }),
    ])
    expect(summary).toMatchObject({ outcome: 'stopped', steps: 2, requestedBy: 'checkpoint' })
    expect(await saved(folder)).toEqual([`step-00000002-within-3: ${folder}/save-now (checkpoint)`])
    expect(await resumed(folder)).toEqual(await uninterrupted())
  })

  test('is looked for in evaluations, too', async () => {
    const folder = await temporaryFolder()
    const inEvaluation = at(evaluate.step.pre, ({ batch }) => {
      vi.advanceTimersByTime(600)
      if (batch === 1) writeFileSync(join(folder, 'save-now'), 'stop')
    })
    const summary = await trainWith([counting(), inEvaluation, checkpoint({ folder })])
    expect(summary).toMatchObject({ outcome: 'stopped', steps: 8 })
    expect(await saved(folder)).toEqual([`step-00000007-within-8: ${folder}/save-now (checkpoint)`])
    expect(await resumed(folder)).toEqual(await uninterrupted())
  })

  test('is looked for twenty times a second at most, where it is named, and goes with the run', async () => {
    const folder = await temporaryFolder()
    const triggerFile = join(folder, 'now')
    const late = at(train.microbatch.post, ({ step }) => {
      if (step === 15) writeFileSync(triggerFile, 'save')
    })
    await trainWith([late, checkpoint({ folder, triggerFile })])
    expect(await saved(folder)).toHaveLength(2)
    expect(existsSync(triggerFile)).toBe(false)
  })

  test('is followed where it says something else, with a warning, and not again and again', async () => {
    const folder = await temporaryFolder()
    const odd = await trainWith([takingTime(), appearing(folder, 'safe'), checkpoint({ folder })])
    expect(odd.warnings).toEqual([
      expect.stringContaining(`says "safe", not 'save' or 'stop': the run is saved`),
    ])

    const triggerFile = join(folder, 'a-folder')
    mkdirSync(triggerFile)
    const { warnings } = await trainWith([
      takingTime(),
      checkpoint({ folder: await temporaryFolder(), triggerFile }),
    ])
    expect(warnings).toEqual([expect.stringContaining('a-folder is not followed any more: EISDIR')])
  })
})

describe('options', () => {
  test('what cannot be is refused at once', () => {
    const refused = [
      [{}, 'either a folder'],
      [{ folder: 'a', store: folderStore('b') }, 'either a folder'],
      [{ folder: '' }, 'folder is ""'],
      [{ folder: 'a', sinals: {} }, 'there is no option "sinals"'],
      [{ folder: 'a', signals: { SIGKILL: 'stop' } }, 'cannot follow "SIGKILL"'],
      [{ folder: 'a', signals: { SIGTERM: 'end' } }, "write 'save' or 'stop'"],
      [{ folder: 'a', keep: { lsat: 3 } }, 'there is no option "lsat"'],
      [{ folder: 'a', keep: { best: { metric: 'loss', mode: 'least' } } }, 'mode'],
      [{ folder: 'a', when: 'every step' }, 'is not a trigger'],
      [{ folder: 'a', resume: true }, 'resume is true'],
    ] as const
    for (const [options, message] of refused) expect(() => checkpoint(options as never)).toThrow(message)
  })
})

/** Trains in a process of its own, sends it signals in the middle of step 5, and says how that ended. */
async function interrupted(
  folder: string,
  signals: readonly NodeJS.Signals[],
  goesOn?: 'goes on',
  atOnce?: 'at once',
): Promise<string> {
  const program = await bundle('training', folder)
  const child = await begun([program, folder, signals[0] as string, ...(goesOn ? [goesOn] : [])])
  let text = ''
  let sent = 0
  const send = (): void => void child.kill(signals[sent++])
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    if (piece === 'waiting\n') setTimeout(send, 1100)
    else text += piece
  })
  send()
  if (atOnce) send()
  const [code] = (await once(child, 'close')) as [number | null]
  return text + code
}

/** What is learned by a run that goes on with the checkpoints of a folder. */
async function resumed(folder: string): Promise<unknown> {
  const last = lastState()
  await trainWith([counting(), checkpoint({ folder }), last])
  return learnedBy(last)
}

async function uninterrupted(): Promise<unknown> {
  const last = lastState()
  await trainWith([counting(), last])
  return learnedBy(last)
}

async function saved(folder: string): Promise<string[]> {
  const { manifests } = await listCheckpoints(folderStore(folder))
  return manifests.map(({ name, reasons }) => `${name}: ${reasons.join('; ')}`)
}

/** Long enough for a look goes by before each microbatch. */
function takingTime(): Hook {
  return at(train.microbatch.pre, () => void vi.advanceTimersByTime(600), 'taking time')
}

/** The file appears in the second microbatch of step 2. */
function appearing(folder: string, content: string): Hook {
  return at(train.microbatch.post, ({ step, microbatch }) => {
    if (step === 2 && microbatch === 2) writeFileSync(join(folder, 'save-now'), content)
  })
}
