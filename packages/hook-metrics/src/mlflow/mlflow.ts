import { type Hook, type Run, train } from '@hookstep/catalogue'
import { onMeasurement } from '../measurements.ts'
import { MlflowClient } from './client.ts'
import { Delivery } from './delivery.ts'
import { type Point, paramsOf, pointsOf } from './points.ts'
import type { Introduction } from './remote-run.ts'

export interface MlflowOptions {
  /** Of the server, such as `http://127.0.0.1:5000`. */
  readonly url: string
  /** The experiment that the run belongs to, made where there is none. Default `Default`. */
  readonly experiment?: string
  /** What the run is called. Default: the server makes up a name. */
  readonly name?: string
  readonly tags?: Readonly<Record<string, string>>
  /** Sent with every request, such as `{ authorization: 'Bearer …' }`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Numbers that are kept while the server does not take them; beyond, the oldest go. Default 20,000. */
  readonly capacity?: number
  /** Milliseconds that the end of the run waits for the server. Default 15,000. */
  readonly deadlineMs?: number
}

/** A hook that follows a run on an MLflow server. */
export interface Mlflow extends Hook {
  /** The server's id of the run, once it has one. */
  readonly runId: string | undefined
}

/**
 * Sends every number of a run to an MLflow server, and the configuration as its parameters. It never ends a run, nor makes
 * it wait: numbers are sent in the background, again and again until the server takes them. What it has not taken is kept with
 * the checkpoint, as is the server's id of the run: a resumed run goes on in the same one, and sends nothing that the
 * server has. At the end it is waited for, for a while; what could not be sent by then is told. Media are left out. The main
 * rank's only.
 *
 * ```ts
 * const hooks = [mlflow({ url: 'http://127.0.0.1:5000', experiment: 'digits' })]
 * ```
 *
 * @throws TypeError | RangeError on an option that cannot be.
 */
export function mlflow(options: MlflowOptions): Mlflow {
  checkOptions(options)
  let current: Delivery | undefined
  return {
    name: 'mlflow',
    get runId() {
      return current?.runId
    },
    setup(run) {
      const delivery = deliveryOf(run, options)
      let saved: Kept | null = null
      let mark: string | undefined
      run.persist<Kept | null>({
        version: 1,
        save: () =>
          mark === undefined
            ? saved
            : { mark, runId: delivery.runId ?? saved?.runId ?? null, unsent: delivery.unsent },
        load: (state) => {
          saved = state
        },
      })
      if (!run.distributed.isMain) return
      current = delivery
      run.subscribe(train.ready, () => {
        mark = saved?.mark ?? crypto.randomUUID()
        delivery.add(saved?.unsent ?? [])
        delivery.start({
          ...introductionOf(run, options),
          mark,
          id: saved?.runId ?? undefined,
          isResumed: saved !== null,
        })
      })
      follow(run, delivery)
      return () => delivery.close()
    },
  }
}

/** What goes with a checkpoint. */
type Kept = {
  /** Random: what the server knows the run by, whether or not it has said its id. */
  readonly mark: string
  readonly runId: string | null
  readonly unsent: readonly Point[]
}

function deliveryOf(run: Run, options: MlflowOptions): Delivery {
  const { url, headers = {}, capacity = 20_000, deadlineMs = 15_000 } = options
  return new Delivery(new MlflowClient(url, headers), {
    capacity,
    deadlineMs,
    warn: (message) => run.warn(message),
  })
}

function introductionOf(
  run: Run,
  { experiment = 'Default', name, tags = {} }: MlflowOptions,
): Omit<Introduction, 'mark' | 'id' | 'isResumed'> {
  return {
    experiment,
    name,
    tags,
    params: paramsOf(run.configuration),
    startedMs: Date.now(),
  }
}

function follow(run: Run, delivery: Delivery): void {
  onMeasurement(run, (measurement) => delivery.add(pointsOf(measurement)))
  run.subscribe(train.finished, () => delivery.finish('FINISHED'))
  run.subscribe(train.stopped, () => delivery.finish('KILLED'))
  run.subscribe(train.failed, () => delivery.finish('FAILED'))
}

function checkOptions({ url, capacity = 1, deadlineMs = 0 }: MlflowOptions): void {
  if (!URL.canParse(url)) {
    throw new TypeError(`mlflow: url is ${JSON.stringify(url)}; it must be like http://127.0.0.1:5000`)
  }
  if (!(Number.isInteger(capacity) && capacity >= 1)) {
    throw new RangeError(`mlflow: capacity is ${capacity}; it must be a positive whole number`)
  }
  if (!(deadlineMs >= 0 && deadlineMs < 2 ** 31)) {
    throw new RangeError(
      `mlflow: deadlineMs is ${deadlineMs}; it must be a number of milliseconds, less than 2 ** 31`,
    )
  }
}
