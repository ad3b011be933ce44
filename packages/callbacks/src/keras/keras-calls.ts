import type { Run } from '@hookstep/catalogue'
import { type KerasCallback, type KerasFunction, type KerasParams, nameOf } from './keras-callback.ts'
import { StopFlag } from './stop-flag.ts'

/** Calls the callbacks of one run, one after another, and passes on that one wants it to end. */
export class KerasCalls {
  private readonly run: Run
  private readonly callbacks: readonly KerasCallback[]
  private readonly flag = new StopFlag()
  private hasAskedToStop = false

  constructor(run: Run, callbacks: readonly KerasCallback[]) {
    this.run = run
    this.callbacks = callbacks
  }

  /** Whether any callback has it. */
  has(name: KerasFunction): boolean {
    return this.callbacks.some((callback) => callback[name] !== undefined)
  }

  /** The live model, which can be stopped from now on. */
  useModel(model: unknown): void {
    this.flag.lendTo(model)
  }

  /** Tells the callbacks of the run and gives them its model, as `fit` does before it begins. */
  introduce(params: KerasParams): void {
    for (const callback of this.callbacks) {
      callback.setParams?.(params)
      this.flag.introduce(callback)
    }
  }

  async each(call: (callback: KerasCallback) => unknown): Promise<void> {
    this.stopWhenAsked('model.stopTraining was set')
    for (const callback of this.callbacks) {
      await call(callback)
      this.stopWhenAsked(`${nameOf(callback)} set model.stopTraining`)
    }
  }

  /** Ends the run where somebody wants it. Asked once: the run decides. */
  private stopWhenAsked(reason: string): void {
    if (!this.flag.isSet || this.hasAskedToStop) return
    this.hasAskedToStop = true
    this.run.stop(reason)
    // So that the epoch that ends with it has a loss.
    this.run.log()
  }

  end(): void {
    this.flag.takeBack()
  }
}
