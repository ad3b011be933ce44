/** The lines of a file that a client writes by their positions, such as a run's history. */
export class StoredLines {
  /** By position. `undefined` where nothing was written yet, though something was after it. */
  readonly all: (string | undefined)[] = []
  /** How many lines were written at a position that had one already: sent again. */
  rewritten = 0

  /** Writes at a position what comes next to each other; what is there is replaced. */
  write(offset: number, content: readonly string[]): void {
    while (this.all.length < offset) this.all.push(undefined)
    content.forEach((line, index) => {
      if (this.all[offset + index] !== undefined) this.rewritten++
      this.all[offset + index] = line
    })
  }

  /** What a client resumes at. */
  get count(): number {
    return this.all.length
  }

  /** How many positions nothing was written to, though something was after them. */
  get missing(): number {
    return this.all.filter((line) => line === undefined).length
  }

  /** The last line, as `historyTail` and `eventsTail` have it: a JSON list of JSON strings. */
  get tail(): string {
    return JSON.stringify(this.all.slice(-1))
  }
}
