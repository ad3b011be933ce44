import { type Connection, post } from './http.ts'
import { RequestError } from './request-error.ts'

/** The run, as the server knows it. */
export interface Bucket {
  /** The run's id for GraphQL. */
  readonly id: string
  readonly project: { readonly name: string; readonly entity: { readonly name: string } }
}

/** What there is of the run on the server. */
export interface ResumeStatus {
  readonly historyLineCount: number
  readonly eventsLineCount: number
  readonly logLineCount: number
  /** The last line of each, in a JSON list of JSON strings. */
  readonly historyTail: string
  readonly eventsTail: string
  /** JSON; `{ key: { value } }`. */
  readonly config: string | null
  /** JSON. */
  readonly summaryMetrics: string | null
}

/** Which run. Without an entity, it is one of the key's owner. */
export interface RunName {
  readonly entity: string | undefined
  readonly project: string
  readonly id: string
}

/** What the server is told of a run; what is left out stays as it is. */
export interface RunDescription {
  readonly displayName?: string | undefined
  readonly notes?: string | undefined
  readonly group?: string | undefined
  readonly jobType?: string | undefined
  readonly tags?: readonly string[] | undefined
  readonly host?: string | undefined
  /** JSON; `{ key: { value } }`. */
  readonly config: string
}

/** Where a file of the run is put. */
export interface UploadPlace {
  readonly name: string
  readonly uploadUrl: string
}

const resumeQuery = `query RunResumeStatus($project: String, $entity: String, $name: String!) {
  model(name: $project, entityName: $entity) {
    id
    bucket(name: $name, missingOk: true) {
      id historyLineCount eventsLineCount logLineCount historyTail eventsTail config summaryMetrics
    }
  }
}`

/** What there is of a run; `undefined` where there is no such run. @throws RequestError */
export async function resumeStatus(connection: Connection, run: RunName): Promise<ResumeStatus | undefined> {
  const { entity = null, project, id } = run
  const variables = { entity, project, name: id }
  const { model } = await graphql<{ model: { bucket: ResumeStatus | null } | null }>(
    connection,
    resumeQuery,
    variables,
  )
  return model?.bucket ?? undefined
}

const upsertMutation = `mutation UpsertBucket(
  $name: String, $project: String, $entity: String, $groupName: String, $displayName: String, $notes: String,
  $config: JSONString, $host: String, $jobType: String, $tags: [String!]
) {
  upsertBucket(input: {
    name: $name, modelName: $project, entityName: $entity, groupName: $groupName, displayName: $displayName,
    notes: $notes, config: $config, host: $host, jobType: $jobType, tags: $tags
  }) {
    bucket { id project { name entity { name } } }
  }
}`

/** Creates a run, or changes it. @throws RequestError */
export async function upsertRun(
  connection: Connection,
  { entity = null, project, id }: { entity?: string | null | undefined; project: string; id: string },
  { group, ...description }: RunDescription,
): Promise<Bucket> {
  const variables = { ...description, name: id, project, entity, groupName: group }
  const { upsertBucket } = await graphql<{ upsertBucket: { bucket: Bucket } }>(
    connection,
    upsertMutation,
    variables,
  )
  return upsertBucket.bucket
}

const filesMutation = `mutation CreateRunFiles($entity: String!, $project: String!, $run: String!, $files: [String!]!) {
  createRunFiles(input: { entityName: $entity, projectName: $project, runName: $run, files: $files }) {
    runID uploadHeaders
    files { name uploadUrl }
  }
}`

/** Asks where files are put, and with which headers (`Name:value`). @throws RequestError */
export async function createFiles(
  connection: Connection,
  { entity, project, id }: RunName,
  files: readonly string[],
): Promise<{ readonly uploadHeaders: readonly string[]; readonly files: readonly UploadPlace[] }> {
  const variables = { entity, project, run: id, files }
  const { createRunFiles } = await graphql<{
    createRunFiles: { uploadHeaders: readonly string[] | null; files: readonly UploadPlace[] }
  }>(connection, filesMutation, variables)
  return { ...createRunFiles, uploadHeaders: createRunFiles.uploadHeaders ?? [] }
}

/** An answer with `errors` is a success to HTTP. The official client does not try again either. */
async function graphql<Data>(connection: Connection, query: string, variables: object): Promise<Data> {
  const answer = (await post(connection, '/graphql', JSON.stringify({ query, variables }))) as {
    readonly data?: Data
    readonly errors?: readonly { readonly message: string }[]
  }
  const operation = /\w+(?=\()/.exec(query)?.[0]
  const [error] = answer.errors ?? []
  if (error !== undefined) throw new RequestError(`${operation}: ${error.message}`, { final: true })
  if (answer.data == null) throw new RequestError(`${operation}: the answer has no data`, {})
  return answer.data
}
