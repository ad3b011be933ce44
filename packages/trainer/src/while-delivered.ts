/** What a handler may do only while its event is delivered; it is waited for, whether the handler does or not. */
export class WhileDelivered {
  private readonly what: string
  private readonly event: string
  private readonly begun: Promise<unknown>[] = []
  private isOpen = true

  constructor(what: string, event: { readonly id: string }) {
    this.what = what
    this.event = event.id
  }

  /** @throws Error when the event is over. */
  check(): void {
    if (!this.isOpen) throw new Error(`${this.what} can be called while ${this.event} is delivered only`)
  }

  async run<Result>(action: () => Promise<Result>): Promise<Result> {
    this.check()
    const begun = action()
    this.begun.push(begun.catch(() => {}))
    // A promise of the caller's own: where nobody looks at its failure, the platform tells.
    return begun
  }

  async end(): Promise<void> {
    this.isOpen = false
    await Promise.all(this.begun)
  }
}
