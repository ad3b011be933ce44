import type { Run } from '@hookstep/catalogue'
import { type KerasCallback, type KerasFunction, type KerasParams, nameOf } from './keras-callback.ts'

/** What callbacks of Keras set to end the training, as a `tf.LayersModel` has it. */
interface Stoppable {
  stopTraining: boolean
}

/** Calls the callbacks of one run, one after another, and passes on that one wants it to end. */
export class KerasCalls {
  private readonly run: Run
  private readonly callbacks: readonly KerasCallback[]
  private model: Stoppable = { stopTraining: false }
  private isLayersModel = false
  private hasAskedToStop = false

  constructor(run: Run, callbacks: readonly KerasCallback[]) {
    this.run = run
    this.callbacks = callbacks
  }

  /** Whether any callback has it. */
  has(name: KerasFunction): boolean {
    return this.callbacks.some((callback) => callback[name] !== undefined)
  }

  /** The live model. Functions in place of a model have something to be stopped by as well. */
  use(model: unknown): void {
    this.isLayersModel = typeof model === 'object' && model !== null && 'stopTraining' in model
    if (this.isLayersModel) this.model = model as Stoppable
  }

  /** Tells all callbacks of the run and its model. */
  introduce(params: KerasParams): void {
    this.model.stopTraining = false
    for (const callback of this.callbacks) {
      callback.setParams?.(params)
      if (this.isLayersModel) callback.setModel?.(this.model as never)
      // A tf.Callback takes nothing but a LayersModel.
      else if (callback.setModel !== undefined) Object.assign(callback, { model: this.model })
    }
  }

  async each(call: (callback: KerasCallback) => unknown): Promise<void> {
    for (const callback of this.callbacks) {
      await call(callback)
      this.stopWhenAsked(`${nameOf(callback)} set model.stopTraining`)
    }
  }

  /** Ends the run where somebody wants it. Asked once: the run decides. */
  stopWhenAsked(reason: string): void {
    if (!this.model.stopTraining || this.hasAskedToStop) return
    this.hasAskedToStop = true
    this.run.stop(reason)
  }
}
