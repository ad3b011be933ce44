/** What befell a hook without ending the run. */
export type Incident =
  | {
      readonly kind: 'failed'
      /** The event's id, or `cleanup`, `persist.save`, `persist.load`. */
      readonly at: string
      readonly error: unknown
    }
  | {
      readonly kind: 'dropped'
      readonly at: string
      /** How many events the hook was not told of. */
      readonly count: number
      readonly reason: string
    }
