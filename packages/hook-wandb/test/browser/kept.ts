/** A run, as it lies in this browser. */
export interface Kept {
  readonly id: string
  readonly folder: string
  /** The steps of its rows, in their order. */
  readonly steps: readonly number[]
  readonly exitCode: number | undefined
  readonly warnings: readonly string[]
}
