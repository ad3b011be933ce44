import { readFileSync, rmSync, statSync } from 'node:fs'
import type { Run } from '@hookstep/catalogue'
import { messageOf } from '../message-of.ts'

/** How often it is looked for at most: a file system over a network takes its time. */
const periodMs = 50

/**
 * A file whose appearance asks a run to save at once: `touch` it, or `echo stop` into it to have the run stopped as well.
 * It is removed when it is followed, and when the run ends.
 */
export class TriggerFile {
  private readonly run: Run
  private readonly path: string
  private lookedAt = Number.NEGATIVE_INFINITY
  private isEmpty = false
  private isGivenUp = false

  constructor(run: Run, path: string) {
    this.run = run
    this.path = path
  }

  /** Looks for it, if that was not done just now. */
  poll(): void {
    const now = performance.now()
    if (this.isGivenUp || now - this.lookedAt < periodMs) return
    this.lookedAt = now
    this.guarded(() => {
      if (statSync(this.path, { throwIfNoEntry: false }) !== undefined) this.follow()
    })
  }

  /** What asks a run that has ended asks nobody. */
  remove(): void {
    if (!this.isGivenUp) this.guarded(() => rmSync(this.path, { force: true }))
  }

  /** What cannot be read or removed would have the run saved again and again. */
  private guarded(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.isGivenUp = true
      this.run.warn(`${this.path} is not followed any more: ${messageOf(error)}`)
    }
  }

  private follow(): void {
    const wish = readFileSync(this.path, 'utf8').trim()
    // It may be there before what is written into it: an empty one counts when it is seen again.
    if (wish === '' && !this.isEmpty) {
      this.isEmpty = true
      return
    }
    this.isEmpty = false
    rmSync(this.path)
    this.ask(wish)
  }

  private ask(wish: string): void {
    const { run, path } = this
    if (wish !== '' && wish !== 'save' && wish !== 'stop') {
      run.warn(`${path} says ${JSON.stringify(wish.slice(0, 40))}, not 'save' or 'stop': the run is saved`)
    }
    run.save(path, { now: true })
    if (wish === 'stop') run.stop(path, { now: true })
  }
}
