import { fileKinds, policies, recordFields, streams, summaryFields } from './encode.ts'
import type { FileEntry, Item, LogRecord, MetricRecord, OutputRecord, RunRecord } from './records.ts'
import { type Field, fieldsOf, textOf } from './wire.ts'

type RecordType = LogRecord['type']

/**
 * A record of its message. `undefined` for one that Hookstep does not write.
 *
 * @throws RangeError on bytes that are no message.
 */
export function decodeRecord(message: Uint8Array): LogRecord | undefined {
  for (const { number, bytes } of fieldsOf(message)) {
    const type = typeOf.get(number)
    if (type !== undefined) return decoders[type](byNumber(bytes))
  }
  return undefined
}

const decoders: { readonly [Type in RecordType]: (fields: Fields) => LogRecord } = {
  header: (fields) => {
    const version = byNumber(bytesAt(fields, 1))
    return { type: 'header', producer: textAt(version, 1), minConsumer: textAt(version, 2) }
  },
  run: decodeRun,
  metric: decodeMetric,
  config: (fields) => ({ type: 'config', update: itemsAt(fields, 1) }),
  summary: (fields) => ({ type: 'summary', update: itemsAt(fields, 1) }),
  history: (fields) => {
    return { type: 'history', step: numberAt(byNumber(bytesAt(fields, 2)), 1), items: itemsAt(fields, 1) }
  },
  stats: (fields) => ({ type: 'stats', timestamp: timeAt(fields, 2), items: itemsAt(fields, 3) }),
  output: (fields) => ({
    type: 'output',
    stream: streams[numberAt(fields, 1)] as OutputRecord['stream'],
    timestamp: timeAt(fields, 2),
    line: textAt(fields, 3),
  }),
  files: (fields) => ({ type: 'files', files: (fields.get(1) ?? []).map(decodeFile) }),
  exit: (fields) => ({ type: 'exit', exitCode: numberAt(fields, 1), runtime: numberAt(fields, 2) }),
}

const typeOf: ReadonlyMap<number, RecordType> = new Map(
  (Object.keys(decoders) as RecordType[]).map((type) => [recordFields[type], type]),
)

function decodeRun(fields: Fields): RunRecord {
  return {
    type: 'run',
    id: textAt(fields, 1),
    entity: optionalAt(fields, 2),
    project: textAt(fields, 3),
    config: itemsAt(byNumber(bytesAt(fields, 4)), 1),
    group: optionalAt(fields, 6),
    jobType: optionalAt(fields, 7),
    name: optionalAt(fields, 8),
    notes: optionalAt(fields, 9),
    tags: fields.get(10)?.map(textOf),
    host: optionalAt(fields, 13),
    startingStep: numberAt(fields, 14),
    startTime: timeAt(fields, 17),
  }
}

function decodeMetric(fields: Fields): MetricRecord {
  const summary = byNumber(bytesAt(fields, 7))
  const kinds = Object.entries(summaryFields).flatMap(([kind, number]) =>
    numberAt(summary, number) ? [kind] : [],
  )
  return {
    type: 'metric',
    name: textAt(fields, 1) || textAt(fields, 2),
    stepMetric: optionalAt(fields, 4),
    hidden: numberAt(byNumber(bytesAt(fields, 6)), 2) === 1,
    summary: fields.has(7) ? (kinds as (keyof typeof summaryFields)[]) : undefined,
  }
}

function decodeFile({ bytes }: Field): FileEntry {
  const fields = byNumber(bytes)
  return {
    path: textAt(fields, 1),
    policy: (policies[numberAt(fields, 2)] ?? 'end') as FileEntry['policy'],
    kind: (fileKinds[numberAt(fields, 3)] ?? 'other') as FileEntry['kind'],
  }
}

/** The fields of a message by number, repeated ones in their order. */
type Fields = ReadonlyMap<number, readonly Field[]>

function byNumber(message: Uint8Array): Fields {
  const fields = new Map<number, Field[]>()
  for (const field of fieldsOf(message)) {
    const same = fields.get(field.number)
    if (same === undefined) fields.set(field.number, [field])
    else same.push(field)
  }
  return fields
}

function itemsAt(fields: Fields, number: number): Item[] {
  return (fields.get(number) ?? []).map(({ bytes }) => {
    const item = byNumber(bytes)
    const nested = item.get(2)?.map(textOf)
    return { key: nested ?? textAt(item, 1), json: textAt(item, 16) }
  })
}

function timeAt(fields: Fields, number: number): number {
  const time = byNumber(bytesAt(fields, number))
  return numberAt(time, 1) + numberAt(time, 2) / 1e9
}

function numberAt(fields: Fields, number: number): number {
  return fields.get(number)?.at(-1)?.value ?? 0
}

function bytesAt(fields: Fields, number: number): Uint8Array {
  return fields.get(number)?.at(-1)?.bytes ?? new Uint8Array(0)
}

function textAt(fields: Fields, number: number): string {
  return optionalAt(fields, number) ?? ''
}

function optionalAt(fields: Fields, number: number): string | undefined {
  const field = fields.get(number)?.at(-1)
  return field && textOf(field)
}
