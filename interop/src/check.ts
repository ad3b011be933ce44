import type { Python } from './python.ts'

/** Files of ours, read by somebody else. */
export interface Check {
  readonly name: string
  /** @returns what was read, in words. @throws Mismatch on anything else than what was written. */
  run(python: Python): Promise<string>
}

/** What was read is not what was written. */
export class Mismatch extends Error {}
