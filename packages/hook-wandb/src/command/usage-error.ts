/** A wish on the command line that cannot be met. Its message is all that the user needs to see. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
