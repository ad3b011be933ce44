import type {
  DataState,
  HookState,
  InferenceState,
  Json,
  PartialEvaluation,
  PartialStep,
  Progress,
  Request,
  RunState,
} from '@hookstep/catalogue'
import { fromExactJson, toExactJson } from './exact-json.ts'
import { count, flag, json, listOf, number, object, oneOf, optional, recordOf, text } from './forms.ts'

/** What of a run's state is no array: what lies in `state.json`. */
export type RunFacts = Omit<RunState, 'session'> & { readonly session: { readonly counters: Json } }

/** @throws Error when something of it would not come back from the text as it is. */
export function writeRunFacts({ session, ...rest }: RunState): string {
  const { counters } = session
  return toExactJson(runForm({ ...rest, session: { counters } }, 'state'))
}

/** @throws Error when something of it would not come back from the text as it is. */
export function writeInferenceState(state: InferenceState): string {
  return toExactJson(inferenceForm(state, 'state'))
}

/** @throws Error when the text is not that of a run's state. */
export function readRunFacts(json: string): RunFacts {
  return runForm(fromExactJson(json), 'state')
}

/** @throws Error when the text is not that of an inference's state. */
export function readInferenceState(json: string): InferenceState {
  return inferenceForm(fromExactJson(json), 'state')
}

const dataForm = object<DataState>({
  epoch: count,
  samples: count,
  batches: count,
  length: optional(count),
})

const progressForm = object<Progress>({
  step: count,
  epochs: number,
  samples: count,
  seconds: number,
  totalSteps: optional(count),
  last: flag,
})

const evaluationForm = object<PartialEvaluation>({ batches: count, samples: count, sums: recordOf(number) })

const partialForm = object<PartialStep>({
  next: text,
  progress: progressForm,
  learningRate: number,
  data: dataForm,
  fetched: count,
  microbatches: count,
  samples: count,
  measured: flag,
  updated: flag,
  skipped: flag,
  values: recordOf(number),
  evaluation: optional(evaluationForm),
})

const requestForm = object<Request>({
  kind: oneOf('stop', 'save', 'evaluate', 'log', 'skipStep'),
  reason: text,
  now: optional(flag),
  requestedBy: text,
  step: count,
})

const hooksForm = recordOf(object<HookState>({ version: number, state: json }))

const runForm = object<RunFacts>({
  step: count,
  epochs: number,
  samples: count,
  seconds: number,
  seed: number,
  data: dataForm,
  session: object<RunFacts['session']>({ counters: json }),
  requests: listOf(requestForm),
  partial: optional(partialForm),
  hooks: hooksForm,
  configuration: json,
})

const inferenceForm = object<InferenceState>({
  step: count,
  samples: count,
  seconds: number,
  data: dataForm,
  requests: listOf(requestForm),
  hooks: hooksForm,
  configuration: json,
})
