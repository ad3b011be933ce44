import type { LazyScalar } from '@hookstep/trainer'

/** Counts the handles that a session gave out and that are not released. */
export interface Ledger {
  live: number
}

/** A number that must be released once, and cannot be read afterwards. */
export class Handle implements LazyScalar {
  private released = false
  private readonly value: number
  private readonly late: boolean
  private readonly ledger: Ledger

  constructor(value: number, late: boolean, ledger: Ledger) {
    this.value = value
    this.late = late
    this.ledger = ledger
    ledger.live++
  }

  read(): number | Promise<number> {
    if (this.released) throw new Error('the value is released: read it before dispose()')
    return this.late ? Promise.resolve(this.value) : this.value
  }

  dispose(): void {
    if (this.released) throw new Error('the value is released already: call dispose() once')
    this.released = true
    this.ledger.live--
  }
}
