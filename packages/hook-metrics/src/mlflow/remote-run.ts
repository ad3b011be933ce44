import { type MlflowClient, Refusal } from './client.ts'
import type { Param, Point } from './points.ts'

/** What a run is called, and what it is made with. */
export interface Introduction {
  readonly experiment: string
  readonly name: string | undefined
  readonly tags: Readonly<Record<string, string>>
  readonly params: readonly Param[]
  /** Random: by this tag a run is found that was made, though nobody heard of it. */
  readonly mark: string
  /** The server's id of the run that goes on, where that is known. */
  readonly id: string | undefined
  readonly isResumed: boolean
  readonly startedMs: number
}

/** How a run ended, in MLflow's words. */
export type Status = 'RUNNING' | 'FINISHED' | 'KILLED' | 'FAILED'

/** A run as the server has it. */
export interface RemoteRun {
  readonly id: string
  readonly isNew: boolean
  /** Whether it knows already what it is made with. */
  readonly hasParams: boolean
  /** The last step of each key that it has already. */
  readonly latest: ReadonlyMap<string, number>
}

/** At most so many in a request. */
export const batchSize = 1000
const paramsAtOnce = 100
const markTag = 'hookstep.run'

/**
 * The run that goes on, or a new one.
 *
 * @param options `isRepeated`: it may have been made before, without an answer, and is looked for first.
 */
export async function openRun(
  client: MlflowClient,
  introduction: Introduction,
  { isRepeated, signal }: { readonly isRepeated: boolean; readonly signal: AbortSignal },
): Promise<RemoteRun> {
  const experiment = await experimentOf(client, introduction.experiment, signal)
  const mayBeThere = isRepeated || introduction.isResumed
  const id =
    introduction.id ?? (mayBeThere ? await findRun(client, experiment, introduction.mark, signal) : undefined)
  const found = id === undefined ? undefined : await reopenRun(client, id, signal)
  if (found !== undefined) return found
  const made = await newRun(client, experiment, introduction, signal)
  return { id: made, isNew: true, hasParams: false, latest: new Map() }
}

/** `undefined` where the server does not have it any more. */
async function reopenRun(
  client: MlflowClient,
  id: string,
  signal: AbortSignal,
): Promise<RemoteRun | undefined> {
  try {
    const { run } = await client.get<{ run: RunAnswer }>('runs/get', { run_id: id }, signal)
    await client.post('runs/update', { run_id: id, status: 'RUNNING' }, signal)
    const { metrics = [], params = [] } = run.data ?? {}
    const latest = new Map(metrics.map(({ key, step }) => [key, Number(step ?? 0)]))
    return { id, isNew: false, hasParams: params.length > 0, latest }
  } catch (error) {
    if (error instanceof Refusal && error.code === 'RESOURCE_DOES_NOT_EXIST') return undefined
    throw error
  }
}

export async function logParams(
  client: MlflowClient,
  id: string,
  params: readonly Param[],
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; at < params.length; at += paramsAtOnce) {
    await client.post('runs/log-batch', { run_id: id, params: params.slice(at, at + paramsAtOnce) }, signal)
  }
}

/** Sent twice it is there once: the server knows a number by its key, step, time and value. */
export async function logBatch(
  client: MlflowClient,
  id: string,
  metrics: readonly Point[],
  signal: AbortSignal,
): Promise<void> {
  await client.post('runs/log-batch', { run_id: id, metrics }, signal)
}

export async function endRun(
  client: MlflowClient,
  id: string,
  end: { readonly status: Status; readonly endedMs: number },
  signal: AbortSignal,
): Promise<void> {
  await client.post('runs/update', { run_id: id, status: end.status, end_time: end.endedMs }, signal)
}

interface RunAnswer {
  readonly info: { readonly run_id: string }
  readonly data?: {
    readonly metrics?: readonly { readonly key: string; readonly step?: number | string }[]
    readonly params?: readonly Param[]
  }
}

/** The experiment of that name, made where there is none. */
async function experimentOf(client: MlflowClient, name: string, signal: AbortSignal): Promise<string> {
  const found = await findExperiment(client, name, signal)
  if (found !== undefined) return found
  try {
    const made = await client.post<{ experiment_id: string }>('experiments/create', { name }, signal)
    return made.experiment_id
  } catch (error) {
    // Somebody else was quicker.
    const other = await findExperiment(client, name, signal)
    if (other === undefined) throw error
    return other
  }
}

async function findExperiment(
  client: MlflowClient,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const query = { experiment_name: name }
    const { experiment } = await client.get<{ experiment: { experiment_id: string } }>(
      'experiments/get-by-name',
      query,
      signal,
    )
    return experiment.experiment_id
  } catch (error) {
    if (error instanceof Refusal && error.code === 'RESOURCE_DOES_NOT_EXIST') return undefined
    throw error
  }
}

async function findRun(
  client: MlflowClient,
  experiment: string,
  mark: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const query = { experiment_ids: [experiment], filter: `tags.\`${markTag}\` = '${mark}'`, max_results: 1 }
  const { runs = [] } = await client.post<{ runs?: readonly RunAnswer[] }>('runs/search', query, signal)
  return runs[0]?.info.run_id
}

async function newRun(
  client: MlflowClient,
  experiment: string,
  { name, tags, mark, startedMs }: Introduction,
  signal: AbortSignal,
): Promise<string> {
  const made = await client.post<{ run: RunAnswer }>(
    'runs/create',
    {
      experiment_id: experiment,
      start_time: startedMs,
      ...(name !== undefined && { run_name: name }),
      tags: Object.entries({ ...tags, [markTag]: mark }).map(([key, value]) => ({ key, value })),
    },
    signal,
  )
  return made.run.info.run_id
}
