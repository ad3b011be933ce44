/** The processes of a run, and which of them this is. Ranks count from 0. */
export interface Distributed {
  readonly rank: number
  readonly worldSize: number
  /** Rank among the processes of this machine. */
  readonly localRank: number
  /** Rank 0: the one that writes what is written once. */
  readonly isMain: boolean
  /** Local rank 0: the one that writes what is written once per machine. */
  readonly isLocalMain: boolean
}

/**
 * How far a run has come. Within a step: how far it will have come at the step's end, so that what is due
 * at a step is the same at each of its events. (Of data of unknown length this is known after the update.)
 */
export interface Progress {
  /** Updates of the parameters. The n-th step says n from its beginning on. */
  readonly step: number
  /** Passes over the training data, the current one in part where its length is known. */
  readonly epochs: number
  /** Training samples, of all ranks together. */
  readonly samples: number
  /** Seconds since training began, those before a resume included; the main rank's clock. */
  readonly seconds: number
  /** Steps that the run will take, where that is known. */
  readonly totalSteps?: number | undefined
  /** Whether this is known to be the last step. */
  readonly last: boolean
}
