import type { KerasCallback } from './keras-callback.ts'

/** What callbacks of Keras set to end the training. */
interface Stoppable {
  stopTraining: boolean
}

/**
 * The `stopTraining` of a run's model. A `tf.LayersModel` has one, which a sequential model refuses unless it was compiled
 * for `fit`: while the run goes on it has this one in its place. Where there is no model, callbacks are given something
 * that has nothing else.
 */
export class StopFlag {
  private holder: Stoppable = { stopTraining: false }
  private isLent = false

  get isSet(): boolean {
    return this.holder.stopTraining
  }

  lendTo(model: unknown): void {
    if (typeof model !== 'object' || model === null || !('stopTraining' in model)) return
    Object.defineProperty(model, 'stopTraining', { value: false, writable: true, configurable: true })
    this.holder = model as Stoppable
    this.isLent = true
  }

  introduce(callback: KerasCallback): void {
    if (this.isLent) callback.setModel?.(this.holder as never)
    // A tf.Callback takes nothing but a LayersModel.
    else if (callback.setModel !== undefined) Object.assign(callback, { model: this.holder })
  }

  /** The model has its own again. */
  takeBack(): void {
    if (this.isLent) Reflect.deleteProperty(this.holder, 'stopTraining')
    this.isLent = false
  }
}
