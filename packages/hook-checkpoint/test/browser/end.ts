/** How a run ended: from which step on it ran, and everything of its last state. */
export interface End {
  readonly firstStep: number
  readonly state: string
}
