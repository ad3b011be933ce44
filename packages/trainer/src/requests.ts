import type { Request, RequestKind } from '@hookstep/catalogue'

/**
 * Who asked for what and why: kept for the summary, and pending until the run decides. With several
 * ranks a request counts once all ranks know of it, so that they decide alike.
 */
export class Requests {
  /** All that were made, in order. */
  readonly made: Request[] = []
  private pending: Request[] = []
  private restored: readonly Request[] = []
  private readonly agreed = new Set<RequestKind>()
  /** Kinds that are not to wait for the end of the step. */
  private readonly agreedNow = new Set<RequestKind>()
  private readonly alone: boolean

  constructor(worldSize: number) {
    this.alone = worldSize === 1
  }

  add(request: Request): void {
    this.made.push(request)
    this.pending.push(request)
    if (this.alone) this.agree(request.kind)
    if (this.alone && request.now) this.agreeNow(request.kind)
  }

  /** Adds those of a saved run, in the place of another's that were restored before. */
  restore(requests: readonly Request[]): void {
    const { made, restored } = this
    this.removed((request) => restored.includes(request))
    made.splice(0, made.length, ...made.filter((request) => !restored.includes(request)))
    this.restored = requests
    for (const request of requests) this.add(request)
  }

  /** Whether this rank has a request of a kind, known to the others or not. */
  isMade(kind: RequestKind): boolean {
    return this.pending.some((request) => request.kind === kind)
  }

  /** Whether this rank has one that is not to wait. */
  isMadeNow(kind: RequestKind): boolean {
    return this.pending.some((request) => request.kind === kind && request.now)
  }

  /** All ranks know that there is a request of this kind. */
  agree(kind: RequestKind): void {
    this.agreed.add(kind)
  }

  /** All ranks know that there is one that is not to wait. */
  agreeNow(kind: RequestKind): void {
    this.agreedNow.add(kind)
  }

  /** Whether all ranks know of any that is not to wait. */
  get isUrgent(): boolean {
    return this.agreedNow.size > 0
  }

  /** The first pending request of a kind that all ranks know of. */
  find(kind: RequestKind): Request | undefined {
    return this.agreed.has(kind) ? this.pending.find((request) => request.kind === kind) : undefined
  }

  /** The first one of which all ranks know that it is not to wait. */
  findNow(kind: RequestKind): Request | undefined {
    return this.agreedNow.has(kind)
      ? this.pending.find((request) => request.kind === kind && request.now)
      : undefined
  }

  /** The pending requests of a kind that all ranks know of, which are decided by this. */
  take(kind: RequestKind): Request[] {
    if (!this.agreed.delete(kind)) return []
    this.agreedNow.delete(kind)
    return this.removed((request) => request.kind === kind)
  }

  /** Those that are not to wait; the others stay for the end of the step. */
  takeNow(kind: RequestKind): Request[] {
    if (!this.agreedNow.delete(kind)) return []
    return this.removed((request) => request.kind === kind && request.now === true)
  }

  /**
   * What is still to be decided by a run that goes on from here. A stop ends this run alone; but one that waits for the end
   * of the step ends the run that goes on within it, as it would have ended this one.
   */
  undecided(isWithinStep: boolean): readonly Request[] {
    return this.pending.filter(({ kind, now }) => kind !== 'stop' || (isWithinStep && !now))
  }

  private removed(isTaken: (request: Request) => boolean): Request[] {
    const taken = this.pending.filter(isTaken)
    this.pending = this.pending.filter((request) => !isTaken(request))
    return taken
  }
}
