/** What is written on the command line behind a subcommand. */
export interface Call {
  readonly names: readonly string[]
  /** Where the checkpoints lie. */
  readonly folder: string
  readonly all: boolean
  readonly json: boolean
  readonly to: string | undefined
  readonly format: string | undefined
  readonly print: (text: string) => void
}

export type Flag = 'folder' | 'all' | 'json' | 'to' | 'format'

export interface Subcommand {
  /** What follows its name, as help shows it. */
  readonly takes: string
  readonly about: string
  /** How many names it takes, at least and at most. */
  readonly names: readonly [least: number, most: number]
  /** Those that it takes besides `folder`. */
  readonly flags: readonly Flag[]
  /** @returns whether all is well: else the exit code is 1. */
  run(call: Call): Promise<boolean>
}

/** A wish on the command line that cannot be met. Its message is all that the user needs to see. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
