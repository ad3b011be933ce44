import type { Hook, RunContext } from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { catalogueEvents } from './catalogue-events.ts'
import { messageOf } from './ensure.ts'

export interface TraceOptions {
  /** Ids, or beginnings of ids such as `train.step`, to which the trace is limited. Default: everything. */
  readonly only?: readonly string[]
  /** Events of your own. */
  readonly also?: readonly { readonly id: string }[]
  /** Indents what happens between the two events of a phase. Default true. */
  readonly indent?: boolean
  /** Default `trace`. */
  readonly name?: string
}

/** A hook that writes down what happens. */
export interface Trace extends Hook {
  /** One for each event, such as `train.step.pre 1`, in the order in which they came. */
  readonly lines: readonly string[]
  /** The lines as one text. */
  toString(): string
}

/**
 * Records every event of a run, as lines that a test can compare. It reads nothing from the device.
 * Where it stands among the hooks is when it is told: put it first to see an event before the others act.
 *
 * ```ts
 * const trace = recordTrace({ only: ['train.step'] })
 * await new Trainer({ backend: plainBackend(), data: line(), steps: 1, hooks: [trace] }).train()
 * console.log(String(trace)) // train.step.pre 1, train.step.post 1
 * ```
 *
 * @throws RangeError when `only` names what the catalogue does not have.
 */
export function recordTrace(options: TraceOptions = {}): Trace {
  const { indent = true, name = 'trace' } = options
  const events = chosen(options)
  const lines: string[] = []
  return {
    name,
    lines,
    toString: () => lines.join('\n'),
    setup(run) {
      const open: string[] = []
      for (const event of events) {
        run.subscribe(event, (context) => {
          const depth = place(event.id, open, events)
          lines.push((indent ? '  '.repeat(depth) : '') + describe(event.id, context))
        })
      }
    },
  }
}

function chosen({ only, also = [] }: TraceOptions): readonly Event<RunContext>[] {
  const all = [...catalogueEvents().values()]
  const missing = only?.find((path) => !all.some(({ id }) => isWithin(id, path)))
  if (missing !== undefined) {
    throw new RangeError(
      `recordTrace: the catalogue has no event "${missing}"; put your own events into \`also\``,
    )
  }
  const picked = only === undefined ? all : all.filter(({ id }) => only.some((path) => isWithin(id, path)))
  return [...picked, ...(also as readonly Event<RunContext>[])]
}

function isWithin(id: string, path: string): boolean {
  return id === path || id.startsWith(`${path}.`)
}

/** Opens or closes a phase, and says how deep the event lies. What ends a run closes everything. */
function place(id: string, open: string[], events: readonly Event<RunContext>[]): number {
  const [, phase = '', edge] = /^(.*)\.([^.]*)$/.exec(id) ?? []
  if (edge === 'post' && open.includes(phase)) open.length = open.lastIndexOf(phase)
  if (/\.(finished|stopped|failed|closed)$/.test(id)) open.length = 0
  const depth = open.length
  if (edge === 'pre' && events.some((event) => event.id === `${phase}.post`)) open.push(phase)
  return depth
}

/** What a context may hold that belongs in a trace. */
interface Traced {
  readonly step?: number
  readonly epoch?: number
  readonly microbatch?: number
  readonly batch?: unknown
  readonly progress?: { readonly step: number }
  readonly values?: object
  readonly outcome?: string
  readonly reason?: string
  readonly requestedBy?: string
  readonly aborted?: boolean
  readonly error?: unknown
  readonly at?: string
}

function describe(id: string, context: RunContext): string {
  const traced = context as Traced
  const count = id.startsWith('train.epoch.') ? traced.epoch : (traced.step ?? traced.progress?.step)
  return [id, count, part(traced), detail(traced)].filter((word) => word !== undefined).join(' ')
}

/** Which microbatch of a step, or which batch of an evaluation. */
function part({ microbatch, batch }: Traced): string | undefined {
  if (microbatch !== undefined) return `microbatch ${microbatch}`
  return typeof batch === 'number' ? `batch ${batch}` : undefined
}

function detail({ values, outcome, reason, requestedBy, aborted, error, at }: Traced): string | undefined {
  if (values !== undefined) return `{ ${Object.keys(values).join(', ')} }`
  if (error !== undefined) return `${JSON.stringify(messageOf(error))} at ${at}`
  if (requestedBy !== undefined) {
    return `${JSON.stringify(reason)} requested by ${requestedBy}${aborted === true ? ', aborted' : ''}`
  }
  return outcome ?? (reason === undefined ? undefined : JSON.stringify(reason))
}
