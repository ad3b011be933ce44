/** Work that goes on beside a run, and how it ended. */
export class Flight<Result> {
  private readonly landing: Promise<void>
  private result: { readonly value: Result } | undefined
  private failure: { readonly error: unknown } | undefined

  constructor(work: () => Promise<Result>) {
    this.landing = this.watch(work)
  }

  get hasFailed(): boolean {
    return this.failure !== undefined
  }

  /** Waits for its end, whatever that is. */
  end(): Promise<void> {
    return this.landing
  }

  /** @throws what the work threw. */
  async landed(): Promise<Result> {
    await this.landing
    if (this.failure !== undefined) throw this.failure.error
    return (this.result as { value: Result }).value
  }

  private async watch(work: () => Promise<Result>): Promise<void> {
    try {
      this.result = { value: await work() }
    } catch (error) {
      this.failure = { error }
    }
  }
}
