/** Waits for something, or until it is woken. */
export class Wakeable {
  private isWoken = false
  private end: (() => void) | undefined

  /** Ends the waiting under way, or else the next one before it begins. */
  readonly wake = (): void => {
    this.isWoken = true
    this.end?.()
  }

  /** @returns what was waited for, or `woken`. */
  until<Value>(awaited: Promise<Value>): Promise<Value | 'woken'> {
    return new Promise<Value | 'woken'>((resolve, reject) => {
      this.end = () => resolve('woken')
      if (this.isWoken) this.end()
      awaited.then(resolve, reject)
    }).finally(() => {
      this.isWoken = false
      this.end = undefined
    })
  }
}
