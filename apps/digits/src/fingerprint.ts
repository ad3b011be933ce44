import { createHash } from 'node:crypto'
import { type Hook, type LiveArrays, type NamedArrays, train } from '@hookstep/catalogue'

/** A hook that tells two runs apart: it looks at the parameters at the end of a run. */
export interface Fingerprint extends Hook {
  /** SHA-256 of the parameters, hexadecimal: equal runs have equal ones. Empty before the end. */
  readonly hash: string
  /** How many numbers were learned. 0 before the end. */
  readonly parameterCount: number
}

/** To be the first hook of a run: at the end it is the last, when the others have done what they do with parameters. */
export function fingerprint(): Fingerprint {
  const taken = { hash: '', parameterCount: 0 }
  return {
    name: 'fingerprint',
    get hash() {
      return taken.hash
    },
    get parameterCount() {
      return taken.parameterCount
    },
    setup(run) {
      let parameters: LiveArrays
      run.subscribe(train.configuration.model_stages, (context) => {
        parameters = context.parameters
        taken.parameterCount = context.parameterCount
      })
      run.subscribe(train.closed, async ({ outcome }) => {
        if (outcome !== 'failed') taken.hash = hashOf(await parameters.read())
      })
    },
  }
}

/** Of the names, in alphabetical order, and the bytes behind each. */
function hashOf(arrays: NamedArrays): string {
  const hash = createHash('sha256')
  for (const [name, { data }] of Object.entries(arrays).sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest('hex')
}
