import { randomUUID } from 'node:crypto'
import type { Operation, Place, Variables } from './graphql.ts'
import { parseLoosely } from './loose-json.ts'
import { Refusal } from './refusal.ts'
import type { Row, RunRecord } from './stored-run.ts'

const defaultProject = 'uncategorized'

/** The operations on runs, by the names that the official client gives them. */
export const runOperations: Readonly<Record<string, Operation>> = {
  UpsertBucket: (place, variables) => {
    const { run, inserted } = findOrCreate(place, variables)
    describe(run, variables)
    return { upsertBucket: { bucket: bucketOf(run), inserted } }
  },

  RunResumeStatus: ({ holdings }, { entity, project, name }) => {
    const [owner, model] = [entity || holdings.entity, project || defaultProject]
    const run = holdings.find(owner, model, name)
    const known = run !== undefined || holdings.runs.some((other) => other.project === model)
    return { model: known ? { ...projectOf(owner, model), bucket: run ? resumable(run) : null } : null }
  },

  CreateRunFiles: ({ holdings, url }, { entity, project, run: name, files }) => {
    const run = holdings.find(entity || holdings.entity, project, name)
    if (run === undefined) throw new Refusal(404, `there is no run ${entity}/${project}/${name}`)
    const base = [url, 'storage', 'runs', run.entity, run.project, run.id].join('/')
    const uploads = (files as string[]).map((file) => ({
      name: file,
      uploadUrl: `${base}/${file.split('/').map(encodeURIComponent).join('/')}`,
    }))
    return { createRunFiles: { runID: idOf(run), uploadHeaders: [], files: uploads } }
  },

  MarkRunFilesUploaded: () => ({ markRunFilesUploaded: { success: true } }),

  StopRun: ({ holdings }, { id }) => {
    const run = holdings.runs.find((candidate) => idOf(candidate) === id)
    if (run !== undefined) run.stopped = true
    return { stopRun: { success: run !== undefined } }
  },
}

function findOrCreate({ holdings }: Place, { id, entity, project, name }: Variables) {
  const owner = entity || holdings.entity
  const model = project || defaultProject
  const run = id
    ? holdings.runs.find((candidate) => idOf(candidate) === id)
    : holdings.find(owner, model, name ?? '')
  if (run !== undefined) return { run, inserted: false }
  return { run: holdings.create(owner, model, name ?? randomUUID().slice(0, 8)), inserted: true }
}

/** What is null is left as it is. */
function describe(run: RunRecord, variables: Variables): void {
  const { displayName, notes, groupName, jobType, host, tags, config, summaryMetrics } = variables
  run.displayName = displayName ?? run.displayName
  run.notes = notes ?? run.notes
  run.group = groupName ?? run.group
  run.jobType = jobType ?? run.jobType
  run.host = host ?? run.host
  run.tags = tags ?? run.tags
  if (config) run.config = parsed('config', config)
  if (summaryMetrics) run.summary = parsed('summaryMetrics', summaryMetrics)
}

function parsed(name: string, json: string): Row {
  try {
    return parseLoosely(json) as Row
  } catch {
    throw new Refusal(400, `${name} is not JSON: ${json}`)
  }
}

function bucketOf(run: RunRecord): object {
  return {
    id: idOf(run),
    name: run.id,
    displayName: run.displayName,
    description: run.notes,
    config: JSON.stringify(run.config),
    sweepName: null,
    project: projectOf(run.entity, run.project),
    historyLineCount: run.streams['wandb-history.jsonl'].count,
  }
}

/** All that a client needs to go on with a run. */
function resumable(run: RunRecord): object {
  return {
    ...bucketOf(run),
    summaryMetrics: JSON.stringify(run.summary),
    eventsLineCount: run.streams['wandb-events.jsonl'].count,
    logLineCount: run.streams['output.log'].count,
    historyTail: run.streams['wandb-history.jsonl'].tail,
    eventsTail: run.streams['wandb-events.jsonl'].tail,
    tags: run.tags,
    notes: run.notes,
    wandbConfig: JSON.stringify({ t: (run.config._wandb as { value?: Row } | undefined)?.value?.t }),
  }
}

function projectOf(entity: string, project: string): object {
  return {
    id: identifier('Project', `${entity}/${project}`),
    name: project,
    entity: { id: identifier('Entity', entity), name: entity },
  }
}

function idOf({ entity, project, id }: RunRecord): string {
  return identifier('Run', `${entity}/${project}/${id}`)
}

/** What GraphQL's ids look like: opaque to clients. */
function identifier(type: string, name: string): string {
  return Buffer.from(`${type}:${name}`).toString('base64')
}
