import type { Json, Media, Values } from '@hookstep/catalogue'
import { leavesOf } from '../leaves.ts'
import { encodePng } from '../png.ts'
import { markdownTable } from './markdown-table.ts'
import { bytesField, doubleField, doublesField, floatField, integerField, message } from './protobuf.ts'

/**
 * What TensorBoard shows, as values of a `Summary`:
 * https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/summary.proto
 */

/** `Summary.Value`, as a field of its summary. */
type Value = Uint8Array

/** A number each, in single precision, as TensorBoard keeps them. */
export function scalars(prefix: string, values: Values): Value[] {
  return Object.entries(values).map(([name, value]) =>
    summaryValue(`${prefix}/${name}`, floatField(2, value)),
  )
}

export function mediaValue(name: string, media: Media): Value {
  switch (media.kind) {
    case 'text':
      return text(name, media.text)
    case 'table':
      return text(name, markdownTable(media))
    case 'histogram':
      return summaryValue(name, bytesField(5, histogram(media)))
    case 'image':
      return summaryValue(name, bytesField(4, image(media)))
  }
}

/** Shown as Markdown. */
export function text(name: string, content: string): Value {
  return summaryValue(name, bytesField(8, stringTensor(content)), metadata('text'))
}

/**
 * What a run was made with, for the HParams plugin, which compares runs by it: numbers, texts and booleans, by their paths.
 * https://github.com/tensorflow/tensorboard/blob/master/tensorboard/plugins/hparams/plugin_data.proto
 */
export function hyperparameters(configuration: Json, startSeconds: number): Value {
  const entries = leavesOf(configuration).map(([name, value]) =>
    bytesField(1, message(bytesField(1, name), bytesField(2, wellKnownValue(value)))),
  )
  const sessionStart = message(...entries, doubleField(5, startSeconds))
  const content = bytesField(3, sessionStart)
  // The plugin looks at the metadata alone; a value has to be there.
  const nothing = message(integerField(1, 1), bytesField(2, message()))
  return summaryValue('_hparams_/session_start_info', bytesField(8, nothing), metadata('hparams', content))
}

function summaryValue(tag: string, value: Uint8Array, ...more: readonly Uint8Array[]): Value {
  return bytesField(1, message(bytesField(1, tag), value, ...more))
}

/** `SummaryMetadata`: which plugin shows it. */
function metadata(plugin: string, content?: Uint8Array): Uint8Array {
  const data = content === undefined ? message() : bytesField(2, content)
  return bytesField(9, bytesField(1, message(bytesField(1, plugin), data)))
}

/** A `TensorProto` of one string: data type 7, one dimension of length 1. */
function stringTensor(content: string): Uint8Array {
  const shape = bytesField(2, integerField(1, 1))
  return message(integerField(1, 7), bytesField(2, shape), bytesField(8, content))
}

/**
 * `HistogramProto`. Its sum and its sum of squares are those of the middles of the parts: the values themselves
 * are not known here.
 */
function histogram({ edges, counts }: Extract<Media, { kind: 'histogram' }>): Uint8Array {
  const middles = counts.map((_, at) => ((edges[at] ?? 0) + (edges[at + 1] ?? 0)) / 2)
  const sumOf = (value: (middle: number) => number): number =>
    counts.reduce((sum, count, at) => sum + count * value(middles[at] ?? 0), 0)
  return message(
    doubleField(1, edges[0] ?? 0),
    doubleField(2, edges.at(-1) ?? 0),
    doubleField(
      3,
      sumOf(() => 1),
    ),
    doubleField(
      4,
      sumOf((middle) => middle),
    ),
    doubleField(
      5,
      sumOf((middle) => middle * middle),
    ),
    doublesField(6, edges.slice(1)),
    doublesField(7, counts),
  )
}

/** `Summary.Image`: `channels` is what it calls its color space. */
function image(media: Extract<Media, { kind: 'image' }>): Uint8Array {
  const { width, height, channels } = media
  return message(
    integerField(1, height),
    integerField(2, width),
    integerField(3, channels),
    bytesField(4, encodePng(media)),
  )
}

/** `google.protobuf.Value`. */
function wellKnownValue(value: number | string | boolean): Uint8Array {
  if (typeof value === 'number') return doubleField(2, value)
  return typeof value === 'string' ? bytesField(3, value) : integerField(4, Number(value))
}
