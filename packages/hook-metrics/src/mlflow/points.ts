import type { Json } from '@hookstep/catalogue'
import { leavesOf } from '../leaves.ts'
import type { Measurement } from '../measurements.ts'

/** A number as MLflow takes it. */
export type Point = {
  readonly key: string
  /** A text where JSON has no number for it. */
  readonly value: number | string
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly step: number
}

export function pointsOf({ source, step, values }: Measurement): Point[] {
  const timestamp = Date.now()
  return Object.entries(values).map(([name, value]) => ({
    key: keyOf(`${source}/${name}`),
    value: Number.isFinite(value) ? value : String(value),
    timestamp,
    step,
  }))
}

/** What can be said of a run once and for all. */
export interface Param {
  readonly key: string
  readonly value: string
}

/** MLflow's limit, in bytes: a character has four at most. */
const longestParam = 6000 / 4

export function paramsOf(configuration: Json): Param[] {
  return leavesOf(configuration).map(([name, value]) => ({
    key: keyOf(name),
    value: String(value).slice(0, longestParam),
  }))
}

/** Of letters, digits and `_-./: `, at most 250. */
function keyOf(name: string): string {
  return name.replaceAll(/[^\w\-./: ]/g, '_').slice(0, 250)
}
