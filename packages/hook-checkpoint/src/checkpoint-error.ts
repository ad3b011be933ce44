/** A checkpoint that is not used: it is damaged, incomplete, or not what it claims to be. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError'
  /** Where it lies, as its store names it. */
  readonly location: string
  readonly reason: string

  constructor(location: string, reason: string, options?: ErrorOptions) {
    super(`${location} is refused: ${reason}`, options)
    this.location = location
    this.reason = reason
  }
}
