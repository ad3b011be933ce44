import { artifactOperations } from './artifacts.ts'
import type { Holdings } from './holdings.ts'
import { Refusal } from './refusal.ts'
import { runOperations } from './runs.ts'

/** What an operation is given, and answers: the `data` of GraphQL's answer. */
export type Operation = (place: Place, variables: Variables) => object

/** Where an operation is done. */
export interface Place {
  readonly holdings: Holdings
  /** The server's address, for the uploads that it hands out. */
  readonly url: string
}

// biome-ignore lint/suspicious/noExplicitAny: each operation has variables of its own, and reads them as it expects them.
export type Variables = Readonly<Record<string, any>>

const viewer: Operation = ({ holdings: { entity } }) => ({
  viewer: {
    id: 'VXNlcjox',
    username: entity,
    entity,
    email: `${entity}@localhost`,
    admin: false,
    flags: '{}',
    teams: { edges: [] },
  },
})

/** A server of the plainest kind: clients use no more than they know it to have. */
const serverFeatures: Operation = () => ({ serverInfo: { features: [] } })

const entity: Operation = () => ({ entity: { organization: null } })

const operations: Readonly<Record<string, Operation>> = {
  Viewer: viewer,
  ServerFeaturesQuery: serverFeatures,
  OrganizationCoreWeaveOrganizationID: entity,
  ...runOperations,
  ...artifactOperations,
}

/** The name of the operation that a request asks for. */
export function operationOf(body: unknown): string {
  const { query } = (body ?? {}) as { query?: unknown }
  return (typeof query === 'string' ? /\b(?:query|mutation)\s+(\w+)/.exec(query)?.[1] : undefined) ?? ''
}

/**
 * Does one operation. The fields that its query selects are not looked at: the answer has all that the official client
 * selects.
 *
 * @returns GraphQL's answer; an operation that cannot be done is `errors` in it, as GraphQL has it.
 * @throws Refusal 400 on an operation that this server does not know.
 */
export function answerGraphql(place: Place, body: unknown): object {
  const name = operationOf(body)
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined
  if (operation === undefined) throw new Refusal(400, `this server does not know the operation "${name}"`)
  try {
    return { data: operation(place, (body as { variables?: Variables }).variables ?? {}) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { data: null, errors: [{ message: error.message, extensions: { code: error.status } }] }
  }
}
