import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type WandbOptions, wandb } from '@hookstep/hook-wandb/node'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { passwordOf } from '../src/netrc.ts'
import { resolveSettings } from '../src/settings.ts'
import { temporaryFolder } from './processes.ts'
import { trainWith } from './runs.ts'

let dir: string

beforeEach(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  dir = await temporaryFolder()
  for (const name of Object.keys(process.env)) if (name.startsWith('WANDB_')) vi.stubEnv(name, '')
  vi.stubEnv('NETRC', join(dir, 'none'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

const environment = {
  WANDB_MODE: 'dryrun',
  WANDB_PROJECT: 'from the environment',
  WANDB_ENTITY: 'team',
  WANDB_NAME: 'name',
  WANDB_RUN_ID: 'id-1',
  WANDB_RUN_GROUP: 'group',
  WANDB_JOB_TYPE: 'job',
  WANDB_TAGS: 'a, b,',
  WANDB_NOTES: 'notes',
  WANDB_DIR: '/there',
  WANDB_BASE_URL: 'https://wandb.example.org/',
  WANDB_API_KEY: 'key',
  WANDB_RESUME: 'must',
  WANDB_CONSOLE: 'off',
  WANDB_SILENT: '1',
}

describe('settings', () => {
  test('come from the options, then the environment, then .netrc, then defaults', () => {
    const options: WandbOptions = { mode: 'online', project: 'p', tags: ['t'], apiKey: 'mine', console: true }
    const netrc = 'machine api.wandb.ai login user password theirs'
    expect([
      resolveSettings(options, { environment, netrc }),
      resolveSettings({}, { environment, netrc }),
      resolveSettings({}, { environment: {}, netrc }),
    ]).toMatchObject([
      { mode: 'online', project: 'p', tags: ['t'], apiKey: 'mine', console: true, entity: 'team' },
      {
        mode: 'offline',
        project: 'from the environment',
        entity: 'team',
        name: 'name',
        id: 'id-1',
        group: 'group',
        jobType: 'job',
        tags: ['a', 'b'],
        notes: 'notes',
        dir: '/there',
        baseUrl: 'https://wandb.example.org',
        apiKey: 'key',
        resume: 'must',
        console: false,
        isSilent: true,
      },
      {
        mode: 'online',
        project: 'uncategorized',
        entity: undefined,
        id: undefined,
        tags: [],
        baseUrl: 'https://api.wandb.ai',
        apiKey: 'theirs',
        resume: 'allow',
        console: true,
        isSilent: false,
      },
    ])
  })

  test.each([
    ['machine other password a machine it login me password b', 'b'],
    ['machine it\n  login me\n  password b\nmachine other password c', 'b'],
    ['# machine it password no\nmachine other password a\ndefault password "b c"', 'b c'],
    ['machine other password a', undefined],
    ['machine it', undefined],
  ])('find the password in %j', (netrc, password) => {
    expect(passwordOf(netrc, 'it')).toBe(password)
  })

  test('take the key that `wandb login` has left', async () => {
    vi.stubEnv('NETRC', join(dir, 'netrc'))
    vi.stubEnv('WANDB_BASE_URL', 'http://127.0.0.1:9')
    vi.stubEnv('WANDB_SILENT', 'true')
    await writeFile(join(dir, 'netrc'), 'machine 127.0.0.1\n  login user\n  password key\n')
    const hook = wandb({ dir, console: false, drainMs: 0 })
    await trainWith([hook])
    expect(hook.folder).toContain('/wandb/run-')
  })
})

describe('says what is wrong', () => {
  test.each<[object, string]>([
    [{ projekt: 'p' }, 'wandb: there is no option "projekt"; there are project, entity'],
    [{ project: '' }, 'wandb: project is ""; give a text that is not empty'],
    [{ mode: 'on' }, 'wandb: mode is "on"; it must be one of online, offline, disabled'],
    [{ resume: true }, 'wandb: resume is true; it must be one of allow, must, never'],
    [{ id: 'a/b' }, 'wandb: id is "a/b"; give at most 64 letters, digits, - and _'],
    [{ tags: 'a' }, `wandb: tags is "a"; give a list of texts: ['baseline']`],
    [{ config: [] }, 'wandb: config is []; give an object'],
    [{ best: { loss: 'least' } }, 'wandb: best["loss"] is "least"; it must be one of min, max'],
    [{ drainMs: -1 }, 'wandb: drainMs is -1; it must be from 0'],
    [{ console: 'yes' }, 'wandb: console is "yes"; it must be one of true, false'],
  ])('with the options %j', (options, message) => {
    expect(() => wandb(options as WandbOptions)).toThrow(message)
  })

  test.each([
    ['WANDB_MODE', 'shared', 'wandb: WANDB_MODE is "shared"; it must be one of dryrun, online'],
    [
      'WANDB_RESUME',
      'perhaps',
      'wandb: WANDB_RESUME is "perhaps"; it must be one of auto, allow, must, never',
    ],
    ['WANDB_RUN_ID', 'a b', 'wandb: WANDB_RUN_ID is "a b"; give at most 64 letters'],
    ['WANDB_BASE_URL', 'wandb.ai', 'wandb: baseUrl is "wandb.ai"; give one such as https://api.wandb.ai'],
  ])('with %s=%s', async (name, value, message) => {
    vi.stubEnv(name, value)
    await expect(trainWith([wandb({ dir })])).rejects.toThrow(message)
  })

  test('with a key that is missing, before the first step', async () => {
    await expect(trainWith([wandb({ dir })])).rejects.toThrow(
      'Hook "wandb" failed at setup: there is no API key for https://api.wandb.ai: set WANDB_API_KEY (or the option ' +
        "apiKey), run `wandb login`, which writes ~/.netrc, or take mode: 'offline' and sync later",
    )
  })

  test('with a folder that cannot be made', async () => {
    await mkdir(dir, { recursive: true })
    await writeFile(join(dir, 'wandb'), 'a file')
    await expect(trainWith([wandb({ dir, mode: 'offline' })])).rejects.toThrow(
      `${join(dir, 'wandb')} cannot be written: EEXIST`,
    )
  })

  test('with a run that is to be resumed and is not there', async () => {
    await expect(trainWith([wandb({ dir, mode: 'offline', resume: 'must' })])).rejects.toThrow(
      "resume is 'must', but there is no run to go on with",
    )
  })
})
