/** Waits for something, or until it is woken. */
export class Wakeable {
  private end: (() => void) | undefined

  /** Ends the waiting under way, if any. */
  readonly wake = (): void => this.end?.()

  /** @returns what was waited for, or `woken`. */
  until<Value>(awaited: Promise<Value>): Promise<Value | 'woken'> {
    return new Promise<Value | 'woken'>((resolve, reject) => {
      this.end = () => resolve('woken')
      awaited.then(resolve, reject)
    }).finally(() => {
      this.end = undefined
    })
  }
}
