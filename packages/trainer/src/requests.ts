import type { Request, RequestKind } from '@hookstep/catalogue'

/** Who asked for what and why: kept for the summary, and pending until the run decides. */
export class Requests {
  /** All that were made, in order. */
  readonly made: Request[] = []
  private pending: Request[] = []

  add(request: Request): void {
    this.made.push(request)
    this.pending.push(request)
  }

  /** The first pending request of a kind. */
  find(kind: RequestKind): Request | undefined {
    return this.pending.find((request) => request.kind === kind)
  }

  /** The pending requests of a kind, which are decided by this. */
  take(kind: RequestKind): Request[] {
    const taken = this.pending.filter((request) => request.kind === kind)
    if (taken.length > 0) this.pending = this.pending.filter((request) => request.kind !== kind)
    return taken
  }
}
