/** The files of a checkpoint; there are no others. */
export const fileNames = {
  /** What is learned, in safetensors. */
  parameters: 'parameters.safetensors',
  /** What the optimizer keeps per parameter, in safetensors. */
  slots: 'slots.safetensors',
  /** What a step under way has added up, in safetensors: only where one was. */
  accumulated: 'accumulated.safetensors',
  /** Everything that is no array. */
  state: 'state.json',
  /** How the model is built, for an export: only where it could be told. */
  model: 'model.json',
  manifest: 'manifest.json',
} as const

/** Those that a checkpoint of a kind must have besides the manifest, and those that it may have. */
export const filesOfKind: {
  readonly [Kind in 'train' | 'inference']: {
    readonly must: readonly string[]
    readonly may: readonly string[]
  }
} = {
  train: {
    must: [fileNames.parameters, fileNames.slots, fileNames.state],
    may: [fileNames.accumulated, fileNames.model],
  },
  inference: { must: [fileNames.state], may: [] },
}
