import type { FileEntry, Item, LogRecord, MetricRecord, RunRecord } from './records.ts'
import type { MessageWriter } from './wire.ts'

/** Numbers of the fields of `wandb_internal.Record`. */
export const recordFields = {
  history: 2,
  summary: 3,
  config: 5,
  files: 6,
  stats: 7,
  metric: 12,
  output: 13,
  control: 16,
  run: 17,
  exit: 18,
  header: 21,
} as const

export const policies: readonly string[] = ['now', 'end']
export const fileKinds: readonly string[] = ['other', 'wandb', 'media']
export const streams: readonly string[] = ['stderr', 'stdout']
/** Numbers of the fields of `MetricSummary`. */
export const summaryFields = { min: 1, max: 2, last: 5, none: 6 } as const

/**
 * The message of a record; it is overwritten by the next one that this writer encodes.
 *
 * @param number of the record in its file, counted from 1.
 */
export function encodeRecord(record: LogRecord, number: number, writer: MessageWriter): Uint8Array {
  const encode = encoders[record.type]
  writer.clear()
  writer.integer(1, number)
  // Without a slot to answer to, the official client waits for ever.
  if (record.type === 'run' || record.type === 'exit') {
    writer.message(recordFields.control, () => writer.text(4, record.type))
  }
  writer.message(recordFields[record.type], () => encode(record as never, writer))
  return writer.view()
}

type RecordOf<Type extends LogRecord['type']> = Extract<LogRecord, { readonly type: Type }>

const encoders: {
  readonly [Type in LogRecord['type']]: (record: RecordOf<Type>, writer: MessageWriter) => void
} = {
  header({ producer, minConsumer }, writer) {
    writer.message(1, () => {
      writer.text(1, producer)
      writer.text(2, minConsumer)
    })
  },
  run: encodeRun,
  metric: encodeMetric,
  config: ({ update }, writer) => encodeItems(1, update, writer),
  summary: ({ update }, writer) => encodeItems(1, update, writer),
  history({ step, items }, writer) {
    encodeItems(1, items, writer)
    writer.message(2, () => integer(writer, 1, step))
  },
  stats({ timestamp, items }, writer) {
    encodeTime(2, timestamp, writer)
    encodeItems(3, items, writer)
  },
  output({ stream, timestamp, line }, writer) {
    integer(writer, 1, streams.indexOf(stream))
    encodeTime(2, timestamp, writer)
    writer.text(3, line)
  },
  files({ files }, writer) {
    for (const file of files) writer.message(1, () => encodeFile(file, writer))
  },
  exit({ exitCode, runtime }, writer) {
    integer(writer, 1, exitCode)
    integer(writer, 2, Math.round(runtime))
  },
}

function encodeFile({ path, policy, kind }: FileEntry, writer: MessageWriter): void {
  writer.text(1, path)
  integer(writer, 2, policies.indexOf(policy))
  integer(writer, 3, fileKinds.indexOf(kind))
}

function encodeRun(run: RunRecord, writer: MessageWriter): void {
  text(writer, 1, run.id)
  text(writer, 2, run.entity)
  text(writer, 3, run.project)
  if (run.config.length > 0) writer.message(4, () => encodeItems(1, run.config, writer))
  text(writer, 6, run.group)
  text(writer, 7, run.jobType)
  text(writer, 8, run.name)
  text(writer, 9, run.notes)
  for (const tag of run.tags ?? []) writer.text(10, tag)
  text(writer, 13, run.host)
  integer(writer, 14, run.startingStep ?? 0)
  encodeTime(17, run.startTime, writer)
}

function encodeMetric({ name, stepMetric, hidden, summary }: MetricRecord, writer: MessageWriter): void {
  writer.text(name.endsWith('*') ? 2 : 1, name)
  text(writer, 4, stepMetric)
  writer.message(6, () => {
    // What has a step metric is to have its value in each row.
    if (stepMetric !== undefined) writer.integer(1, 1)
    if (hidden) writer.integer(2, 1)
    writer.integer(3, 1)
  })
  if (summary === undefined) return
  writer.message(7, () => {
    for (const kind of summary) writer.integer(summaryFields[kind], 1)
  })
}

function encodeItems(field: number, items: readonly Item[], writer: MessageWriter): void {
  for (const { key, json } of items) {
    writer.message(field, () => {
      if (typeof key === 'string') writer.text(1, key)
      else for (const name of key) writer.text(2, name)
      writer.text(16, json)
    })
  }
}

/** A `google.protobuf.Timestamp`. */
function encodeTime(field: number, time: number, writer: MessageWriter): void {
  const seconds = Math.floor(time)
  writer.message(field, () => {
    integer(writer, 1, seconds)
    integer(writer, 2, Math.floor((time - seconds) * 1e9))
  })
}

function text(writer: MessageWriter, field: number, value: string | undefined): void {
  if (value) writer.text(field, value)
}

function integer(writer: MessageWriter, field: number, value: number): void {
  if (value !== 0) writer.integer(field, value)
}
