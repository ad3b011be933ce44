import { every, type Hook, train } from '@hookstep/catalogue'
import { faultyHook, line, plainBackend, recordTrace } from '@hookstep/testing'
import { Inference, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { read } from '../workspace.ts'

const options: TrainerOptions = {
  backend: plainBackend(),
  data: line({ samples: 12 }),
  batchSize: 4,
  accumulate: 2,
  epochs: 2,
  log: every('2 steps'),
  evaluate: { data: line({ samples: 8 }) },
}

/** The options of these runs, as they are written here. */
export function shownOptions(): string {
  const [, shown = ''] =
    /const options: TrainerOptions = (\{.*?\n\})/s.exec(read('docs/src/reference/traces.ts')) ?? []
  return shown
}

/** What a run leaves out of its trace where only its end is to be seen. */
const ofTheEnd = ['train.step', 'train.log', 'evaluate.pre', 'evaluate.post', 'train.checkpoint']
const outcomes = ['train.finished', 'train.stopped', 'train.failed', 'train.closed']

/** Every event of a run. */
export async function wholeRun(): Promise<string> {
  const trace = recordTrace()
  await new Trainer({ ...options, hooks: [trace] }).train()
  return String(trace)
}

/** The end of a run in which a hook asks for a stop during the first step. */
export function stoppedRun(): Promise<string> {
  return endOf([atFirstStep((run) => run.stop('good enough'))])
}

/** The end of a run whose signal aborts during the first step. */
export function abortedRun(): Promise<string> {
  const controller = new AbortController()
  return endOf([atFirstStep(() => controller.abort(new Error('Ctrl-C')))], { signal: controller.signal })
}

/** The end of a run in which a handler throws at the first step. */
export function failedRun(): Promise<string> {
  return endOf([faultyHook({ at: train.optimizer_step.post, fault: 'throws' })])
}

function atFirstStep(act: (run: Parameters<Hook['setup']>[0]) => void): Hook {
  return {
    name: 'patience',
    setup: (run) => void run.subscribe(train.microbatch.pre, () => act(run), { once: true }),
  }
}

async function endOf(hooks: readonly Hook[], more: Partial<TrainerOptions> = {}): Promise<string> {
  const trace = recordTrace({ only: [...ofTheEnd, ...outcomes] })
  const trainer = new Trainer({ ...options, ...more, hooks: [trace, ...hooks] })
  // A run that fails is what one of them is to show.
  await trainer.train().catch(() => {})
  return String(trace)
}

/** Every event of an inference of two steps. */
export async function wholeInference(): Promise<string> {
  const trace = recordTrace()
  const { backend } = options
  const data = line({ samples: 8 })
  const inference = new Inference({ backend, from: 'task', data, batchSize: 4, hooks: [trace] })
  await inference.run()
  return String(trace)
}
