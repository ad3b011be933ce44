import { type LiveArrays, type NamedArrays, type NdArray, train } from '@hookstep/catalogue'
import type { Session } from './backend.ts'

/** What the model keeps, by the session's own saving and loading: all else stays as it is. */
export function liveParameters(session: Session, onHostSync: () => void): LiveArrays {
  return {
    async read() {
      onHostSync()
      return (await session.save()).parameters
    },
    async write(parameters) {
      onHostSync()
      await session.load({ ...(await session.save()), parameters })
    },
  }
}

/** The events at which there are gradients. */
const holding: ReadonlySet<string> = new Set([
  train.forward_backward.post.id,
  train.optimizer_step.pre.id,
  train.optimizer_step.post.id,
])

/** The gradients of the step under way; `at` names the event that is being delivered. */
export function liveGradients(session: Session, onHostSync: () => void, at: () => string): LiveArrays {
  let known: Promise<readonly Place[]> | undefined
  const places = (call: string): Promise<readonly Place[]> => {
    if (!holding.has(at())) {
      throw new Error(`gradients.${call} at ${at()}: there are gradients at ${[...holding].join(', ')} only`)
    }
    onHostSync()
    known ??= placesOf(session)
    return known
  }
  return {
    async read() {
      return parted(await places('read()'), await session.readGradients())
    },
    async write(gradients) {
      session.writeGradients(joined(await places('write()'), gradients, session.parameterCount))
    },
  }
}

/** Where a parameter's gradient lies among all of them. */
interface Place {
  readonly name: string
  readonly shape: readonly number[]
  readonly from: number
  readonly to: number
}

/** What is learned comes first among the parameters, in the order of the gradients. */
async function placesOf(session: Session): Promise<readonly Place[]> {
  const { parameters } = await session.save()
  const places: Place[] = []
  let from = 0
  for (const [name, { data, shape }] of Object.entries(parameters)) {
    const to = from + data.length
    if (to > session.parameterCount) break
    places.push({ name, shape, from, to })
    from = to
  }
  return places
}

function parted(places: readonly Place[], gradients: Float32Array): NamedArrays {
  return Object.fromEntries(
    places.map(({ name, shape, from, to }) => [name, { data: gradients.subarray(from, to), shape }]),
  )
}

function joined(places: readonly Place[], gradients: NamedArrays, count: number): Float32Array {
  const unknown = Object.keys(gradients).find((name) => places.every((place) => place.name !== name))
  if (unknown !== undefined) throw new Error(`gradients.write(): there is no parameter "${unknown}"`)
  const all = new Float32Array(count)
  for (const place of places) all.set(dataFor(place, gradients[place.name]), place.from)
  return all
}

function dataFor({ name, shape }: Place, gradient: NdArray | undefined): NdArray['data'] {
  if (gradient === undefined) throw new Error(`gradients.write(): the gradient of "${name}" is missing`)
  const fits = String(gradient.shape) === String(shape) && gradient.data instanceof Float32Array
  if (fits && gradient.data.length === sizeOf(shape)) return gradient.data
  throw new Error(
    `gradients.write(): the gradient of "${name}" must be float32 of the shape [${shape}]; it has the shape ` +
      `[${gradient.shape}] and ${gradient.data.length} numbers`,
  )
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1)
}
