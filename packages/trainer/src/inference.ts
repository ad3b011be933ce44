import type { InstalledHooks } from '@hookstep/core'
import type { Session } from './backend.ts'
import { explain, inferenceOrder } from './explain.ts'
import { setUpHooks } from './hook-setup.ts'
import {
  type InferenceOptions,
  type InferenceSummary,
  type ResolvedInferenceOptions,
  resolveInferenceOptions,
} from './inference-options.ts'
import { type InferenceOutput, InferenceRun } from './inference-run.ts'
import { closeAtEnd } from './platform.ts'

/**
 * Passes data through a trained model, batch by batch and in order, and tells every moment of it to hooks. Only
 * the batches under way are in memory. One inference, one pass over the data.
 *
 * ```ts
 * await using inference = new Inference({ backend: wasm(task), data, from: state })
 * for await (const { step, batch, outputs } of inference.outputs()) console.log(step, outputs.shape)
 * ```
 */
export class Inference {
  private readonly options: ResolvedInferenceOptions
  private readonly inferenceRun: InferenceRun
  private hooks: Promise<InstalledHooks> | undefined
  private session: Promise<Session> | undefined
  private iterator: AsyncGenerator<InferenceOutput, InferenceSummary, void> | undefined
  private pushing: Promise<InferenceSummary> | undefined
  private closed = false
  /** Closes it, at the end of an `await using`. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>

  /** @throws TypeError | RangeError on an option that cannot be, naming it, its value and the remedy. */
  constructor(options: InferenceOptions) {
    this.options = resolveInferenceOptions(options)
    this.inferenceRun = new InferenceRun(this.options)
    closeAtEnd(this, () => this.close())
  }

  /**
   * Runs the inference as its outputs are asked for: a step begins when the outputs of the one before are done with.
   * Leaving the loop ends the run at once (`inference.stopped`), and the outputs that were left at do not count
   * as delivered: an iterator cannot tell an error in the loop from a `break`. To end it behind them, `stop()` it.
   *
   * @returns the outputs of each step of which this rank has a batch, in order.
   * @throws what made the run fail; a HookError when that was a hook.
   */
  outputs(): AsyncGenerator<InferenceOutput, InferenceSummary, void> {
    if (this.iterator !== undefined) throw new Error('this inference has run already: make a new one')
    this.checkOpen()
    this.iterator = this.iterate()
    return this.iterator
  }

  /**
   * Runs the inference and hands its outputs over, those of one step after the other; what `receive` returns is
   * waited for. Without it, hooks alone are told.
   *
   * @returns what became of the run, when it finished or was stopped.
   * @throws what made it fail: what `receive` threw; a HookError when it was a hook.
   */
  run(receive: (output: InferenceOutput) => unknown = () => {}): Promise<InferenceSummary> {
    this.pushing = handAll(this.outputs(), receive)
    return this.pushing
  }

  /** What became of the run, once it is over and did not fail. */
  get summary(): InferenceSummary | undefined {
    return this.inferenceRun.summary
  }

  /** Ends the run after the step under way, as a hook would. */
  stop(reason: string): void {
    this.inferenceRun.ledger.request('stop', reason, 'caller')
  }

  /** The resolved options, hooks and handlers in the order in which they are told. Sets the hooks up. */
  async explain(): Promise<string> {
    this.checkOpen()
    const { names } = await this.setUp()
    return explain(this.options, names, inferenceOrder)
  }

  /** Waits for `run()`, ends a pass that was left unfinished, and releases the model. */
  async close(): Promise<void> {
    // What made it fail has been told to those who called.
    await this.pushing?.catch(() => {})
    this.inferenceRun.abandon()
    await this.iterator?.return(undefined as never)
    await this.release()
  }

  private async *iterate(): AsyncGenerator<InferenceOutput, InferenceSummary, void> {
    try {
      const hooks = await this.setUp()
      return yield* this.inferenceRun.outputs(hooks, () => this.open())
    } finally {
      await this.release()
    }
  }

  private setUp(): Promise<InstalledHooks> {
    this.hooks ??= setUpHooks(this.options, this.inferenceRun.ledger)
    return this.hooks
  }

  private open(): Promise<Session> {
    const { backend, seed, group } = this.options
    this.session ??= Promise.resolve(backend.open({ seed, distributed: group }))
    return this.session
  }

  private async release(): Promise<void> {
    if (this.closed) return
    this.closed = true
    try {
      // A second time nothing is left to be cleaned up.
      await (await this.hooks?.catch(() => undefined))?.cleanUp()
    } finally {
      this.inferenceRun.ledger.unsubscribeAll()
      await (await this.session?.catch(() => undefined))?.close()
    }
  }

  private checkOpen(): void {
    if (this.closed) throw new Error('this inference is closed: make a new one')
  }
}

async function handAll(
  outputs: AsyncGenerator<InferenceOutput, InferenceSummary, void>,
  receive: (output: InferenceOutput) => unknown,
): Promise<InferenceSummary> {
  let result = await outputs.next()
  while (!result.done) result = await handOver(outputs, result.value, receive)
  return result.value
}

/** Hands the outputs of a step over and asks for the next, or says what the receiver threw. */
async function handOver(
  outputs: AsyncGenerator<InferenceOutput, InferenceSummary, void>,
  output: InferenceOutput,
  receive: (output: InferenceOutput) => unknown,
): Promise<IteratorResult<InferenceOutput, InferenceSummary>> {
  try {
    await receive(output)
  } catch (error) {
    return outputs.throw(error)
  }
  return outputs.next()
}
