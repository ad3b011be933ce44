import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type LogRecord, readLog } from '@hookstep/hook-wandb'
import { diskFolder } from '@hookstep/hook-wandb/node'
import { beforeEach, describe, expect, test } from 'vitest'
import { crc32 } from '../src/log/crc32.ts'
import { decodeRecord } from '../src/log/decode.ts'
import { encodeRecord } from '../src/log/encode.ts'
import { fileHeader, frame, unframe } from '../src/log/frames.ts'
import { LogFile } from '../src/log/log-file.ts'
import { MessageWriter } from '../src/log/wire.ts'
import { temporaryFolder } from './processes.ts'

/** One of each kind, as the hook writes them. */
const records: readonly LogRecord[] = [
  { type: 'header', producer: '0.28.0', minConsumer: '0.13.0' },
  {
    type: 'run',
    id: '1sk1v3ko',
    entity: 'team',
    project: 'digits',
    name: 'größer',
    group: 'wide',
    jobType: 'train',
    notes: 'a note',
    tags: ['baseline', 'λ'],
    host: 'machine',
    startingStep: 7,
    startTime: 1_700_000_000.25,
    config: [{ key: 'epochs', json: '3' }],
  },
  { type: 'config', update: [{ key: ['optimizer', 'name'], json: '"adam"' }] },
  { type: 'metric', name: 'trainer/step', stepMetric: undefined, hidden: false, summary: undefined },
  { type: 'metric', name: 'loss', stepMetric: 'trainer/step', hidden: true, summary: ['min', 'last'] },
  { type: 'history', step: 0, items: [{ key: 'loss', json: 'NaN' }] },
  { type: 'history', step: 2 ** 40, items: [{ key: 'eval/loss', json: '-Infinity' }] },
  { type: 'summary', update: [{ key: 'loss', json: '0.25' }] },
  { type: 'stats', timestamp: 1_700_000_001.5, items: [{ key: 'cpu', json: '12.5' }] },
  { type: 'output', stream: 'stdout', timestamp: 1_700_000_002, line: 'hello 👋\n' },
  { type: 'output', stream: 'stderr', timestamp: 1_700_000_003, line: '\n' },
  { type: 'files', files: [{ path: 'media/images/a b.png', policy: 'now', kind: 'media' }] },
  { type: 'files', files: [{ path: 'notes.txt', policy: 'end', kind: 'other' }] },
  { type: 'exit', exitCode: 255, runtime: 12 },
]

const silent = { written: () => {}, failed: () => {} }

let folder: string

beforeEach(async () => {
  folder = await temporaryFolder()
})

async function written(all: readonly LogRecord[], name = 'run-a.wandb'): Promise<Uint8Array> {
  const log = LogFile.begin(diskFolder(folder), name, silent)
  for (const record of all) log.append(record)
  await log.close()
  return readFile(join(folder, name))
}

async function read(name = 'run-a.wandb', position = 0): Promise<(LogRecord | undefined)[]> {
  const found: (LogRecord | undefined)[] = []
  for await (const { record } of readLog(diskFolder(folder), name, position)) found.push(record)
  return found
}

function history(step: number, length: number): LogRecord {
  return { type: 'history', step, items: [{ key: 'text', json: JSON.stringify('x'.repeat(length)) }] }
}

describe('a record', () => {
  test('is, byte for byte, the message that the official client writes', () => {
    const writer = new MessageWriter(1)
    const bytes = records.map((record, at) => hex(encodeRecord(record, at + 1, writer)))
    // Made by its Python package: `wandb_internal_pb2.Record(…).SerializeToString().hex()`.
    expect([0, 1, 5, 6, 13].map((at) => bytes[at])).toEqual([
      '0801aa01120a100a06302e32382e301206302e31332e30',
      '0802820105220372756e8a016e0a0831736b3176336b6f12047465616d1a06646967697473220e0a0c0a0665706f636873820101333204776964' +
        '653a05747261696e42086772c3b6c39f65724a0661206e6f74655208626173656c696e655202cebb6a076d616368696e6570078a010b0880e2' +
        'cfaa061080e59a77',
      '080612100a0c0a046c6f73738201034e614e1200',
      '080712220a170a096576616c2f6c6f73738201092d496e66696e697479120708808080808020',
      '080e82010622046578697492010508ff01100c',
    ])
  })

  test('is read as it was written', () => {
    const writer = new MessageWriter(1)
    expect(records.map((record, at) => decodeRecord(encodeRecord(record, at + 1, writer)))).toEqual(records)
  })

  test('of a kind that is not known here is passed over', () => {
    const writer = new MessageWriter()
    writer.integer(1, 3)
    writer.message(8, () => writer.text(1, 'an artifact'))
    expect(decodeRecord(writer.view())).toBeUndefined()
  })

  test('that is no message is refused', () => {
    expect(() => decodeRecord(Uint8Array.of(0x12, 0x05, 0x01))).toThrow('it ends within the field')
    expect(() => decodeRecord(Uint8Array.of(0x80))).toThrow('it ends within a number')
    expect(() => decodeRecord(Uint8Array.of(0x13))).toThrow('wire type 3')
    expect(() => new MessageWriter().integer(1, -1)).toThrow('-1 cannot be written')
  })
})

describe('a file', () => {
  test('is read as it was written, from every record on', async () => {
    await written(records)
    expect(await read()).toEqual(records)
    const ends: number[] = []
    for await (const { end } of readLog(diskFolder(folder), 'run-a.wandb')) ends.push(end)
    const rests = await Promise.all(ends.map((end) => read('run-a.wandb', end)))
    expect(rests).toEqual(records.map((_, at) => records.slice(at + 1)))
  })

  test('begins with the header of W&B, and has the checksums of zlib', async () => {
    const bytes = await written([])
    expect(hex(bytes)).toBe('3a572642e1be00')
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
    expect(hex(frame(Uint8Array.of(1, 2, 3), 7))).toBe('76e105330300' + '01010203')
  })

  test('holds records of every length at every distance from the end of a block', () => {
    const block = 32 * 1024
    for (const length of [0, 1, 8, block - 7, block - 6, 3 * block]) {
      for (let left = 0; left < 20; left++) {
        const position = 2 * block - left
        const record = new Uint8Array(length).fill(length)
        const framed = frame(record, position)
        const found = [...unframe(framed, position)]
        const isWhole = found.length === 1 && Buffer.compare(found[0]?.bytes as Uint8Array, record) === 0
        if (!isWhole || found[0]?.end !== position + framed.length) {
          expect.fail(`a record of ${length} bytes, ${left} before the end`)
        }
      }
    }
  })

  test('that is torn at any byte keeps every record that is whole', async () => {
    const long = [...records.slice(0, 3), history(0, 10), history(1, 33_000), history(2, 10)]
    const bytes = await written(long)
    const ends: number[] = []
    for await (const { end } of readLog(diskFolder(folder), 'run-a.wandb')) ends.push(end)
    for (let length = fileHeader.length; length <= bytes.length; length++) {
      const whole = [...unframe(bytes.subarray(fileHeader.length, length), fileHeader.length)].length
      if (whole !== ends.filter((end) => end <= length).length)
        expect.fail(`torn at ${length}: ${whole} records`)
    }
    await writeFile(join(folder, 'torn'), bytes.subarray(0, (ends[4] as number) - 1))
    expect(await read('torn')).toEqual(long.slice(0, 4))
  })

  test('of which a bit has flipped is read up to there', async () => {
    const bytes = await written(records)
    const starts: number[] = []
    for await (const { start } of readLog(diskFolder(folder), 'run-a.wandb')) starts.push(start)
    for (let at = fileHeader.length; at < bytes.length; at++) {
      bytes[at] = (bytes[at] as number) ^ 16
      const whole = [...unframe(bytes.subarray(fileHeader.length), fileHeader.length)].length
      if (whole !== starts.filter((start) => start <= at).length - 1)
        expect.fail(`flipped at ${at}: ${whole} records`)
      bytes[at] = (bytes[at] as number) ^ 16
    }
  })

  test('with a record that is larger than what is read at once is read to its end', async () => {
    const large = [history(0, 3_000_000), history(1, 5)]
    await written(large)
    expect(await read()).toEqual(large)
  })

  test('of something else is refused', async () => {
    await writeFile(join(folder, 'run-a.wandb'), '{"type":"start"}')
    await expect(read()).rejects.toThrow(`${folder}/run-a.wandb is no transaction log of W&B`)
  })
})

describe('a log that is written', () => {
  test('goes on behind its last whole record', async () => {
    const bytes = await written(records.slice(0, 5))
    const { end: bytesOfFour } = await lastOf(4)
    await writeFile(join(folder, 'run-a.wandb'), bytes.subarray(0, bytes.length - 1))
    const log = LogFile.goOn(diskFolder(folder), 'run-a.wandb', { bytes: bytesOfFour, records: 4 }, silent)
    log.append(records[5] as LogRecord)
    await log.close()
    expect(await read()).toEqual([...records.slice(0, 4), records[5]])
  })

  test('says how far it is, always at the end of a record', async () => {
    const reached: number[] = []
    const watcher = { written: (bytes: number) => void reached.push(bytes), failed: () => {} }
    const log = LogFile.begin(diskFolder(folder), 'run-a.wandb', watcher)
    for (let step = 0; step < 100; step++) {
      log.append(history(step, 100))
      if (step % 10 === 0) await log.flush()
    }
    await log.close()
    const ends = new Set<number>([fileHeader.length])
    for await (const { end } of readLog(diskFolder(folder), 'run-a.wandb')) ends.add(end)
    expect(reached.filter((bytes) => !ends.has(bytes))).toEqual([])
    expect(reached.at(-1)).toBe(log.end.bytes)
  })
})

async function lastOf(count: number): Promise<{ end: number }> {
  const found: { end: number }[] = []
  for await (const one of readLog(diskFolder(folder), 'run-a.wandb')) found.push(one)
  return found[count - 1] as { end: number }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
