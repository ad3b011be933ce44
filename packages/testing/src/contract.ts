/** One promise, and what shows whether it is kept. `run` rejects with what was found where it is not. */
export interface ContractCase {
  /** Reads as a sentence: the title of a test. */
  readonly name: string
  run(): Promise<void>
}
