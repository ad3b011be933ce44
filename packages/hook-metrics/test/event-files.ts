import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A field of a message: its number, and what it holds. */
type Field = readonly [number: number, value: number | Buffer]

/** Reads the fields of a message, by the wire format's four types. */
function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = []
  let at = 0
  const take = (length: number): Buffer => {
    at += length
    return bytes.subarray(at - length, at)
  }
  const varint = (): number => {
    const byte = take(1).readUInt8()
    return byte < 128 ? byte : (byte & 127) + 128 * varint()
  }
  const readers: Readonly<Record<number, () => number | Buffer>> = {
    0: varint,
    1: () => take(8).readDoubleLE(),
    2: () => take(varint()),
    5: () => take(4).readFloatLE(),
  }
  while (at < bytes.length) {
    const key = varint()
    const read = readers[key & 7]
    if (read === undefined) throw new Error(`field ${key >> 3} has no type that is known here`)
    fields.push([key >> 3, read()])
  }
  return fields
}

/** The messages of whole records. */
function messagesIn(file: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at + 12 <= file.length; ) {
    const length = Number(file.readBigUInt64LE(at))
    if (at + length + 16 > file.length) break
    messages.push(file.subarray(at + 12, at + 12 + length))
    at += length + 16
  }
  return messages
}

function field(fields: readonly Field[], number: number): number | Buffer | undefined {
  return fields.find(([found]) => found === number)?.[1]
}

/** A word or two for each event: `train/loss 4`, `START 10`. */
function described(event: Buffer): string[] {
  const fields = fieldsOf(event)
  const step = field(fields, 2) ?? 0
  if (field(fields, 3) !== undefined) return [String(field(fields, 3))]
  if (field(fields, 7) !== undefined) return [`START ${step}`]
  return fieldsOf(field(fields, 5) as Buffer).map(
    ([, value]) => `${String(field(fieldsOf(value as Buffer), 1))} ${step}`,
  )
}

/** What is in the event files of a folder: a list for each, in the order of their names. */
export async function eventsIn(folder: string): Promise<string[][]> {
  const names = (await readdir(folder)).filter((name) => name.includes('tfevents')).sort()
  const files = await Promise.all(names.map((name) => readFile(join(folder, name))))
  return files.map((file) => messagesIn(file).flatMap(described))
}
