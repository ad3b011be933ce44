import {
  checkpoint as events,
  type InferenceState,
  type Json,
  type Request,
  type Run,
  type RunState,
  type Values,
} from '@hookstep/catalogue'
import { Flight } from './flight.ts'
import { readManifest } from './listing.ts'
import type { Manifest } from './manifest.ts'
import { messageOf } from './message-of.ts'
import type { Keep } from './options.ts'
import type { Beginning } from './resume.ts'
import { expired } from './retention.ts'
import type { CheckpointStore } from './store.ts'
import { writeCheckpoint } from './writing.ts'

/** A moment at which a checkpoint is taken. */
export interface Moment {
  /** The last complete step. */
  readonly step: number
  readonly requests: readonly Request[]
  readonly reasons: readonly string[]
  readonly pinned: boolean
  capture(): Promise<RunState | InferenceState>
}

/** What a run has in its store, and how a checkpoint got there. */
interface Landed {
  readonly manifest: Manifest
  readonly manifests: readonly Manifest[]
  /** What could not be removed, and why. */
  readonly leftOver: readonly string[]
}

/**
 * The checkpoints that one run saves. Only the copy of the state keeps the run waiting: hashing, writing and syncing
 * go on beside it, of one checkpoint at a time; the next waits for it, so that what is saved does not depend on the
 * disk. For the same reason a checkpoint that has become durable is told of at a fixed place: before the next
 * one is taken, and at the end.
 */
export class Saves {
  /** The values of the last evaluation, by which the best are kept. */
  metrics: Values = {}
  /** How the model is built, where that is known. */
  model: Json | undefined
  private readonly run: Run
  private readonly store: CheckpointStore
  private readonly keep: Keep
  private sequence = 0
  private manifests: readonly Manifest[] = []
  /** Where the run was saved last, or went on from. */
  private place: Pick<Manifest, 'step' | 'isWithinStep'> | undefined
  /** The newest checkpoint that is known to be durable. */
  private durable: string | undefined
  /** The one that the next start of the program goes on from as well. */
  private origin: string | undefined
  private flight: Flight<Landed> | undefined

  constructor(run: Run, store: CheckpointStore, keep: Keep) {
    this.run = run
    this.store = store
    this.keep = keep
  }

  /** Numbers what follows behind the newest of all ranks: on each rank a number is the same moment. */
  begin({ from, isNamed, sequence, manifests }: Beginning): void {
    this.sequence = sequence
    this.manifests = manifests
    this.durable = manifests[0]?.name
    if (from === undefined) return
    this.place = from
    this.durable = from.name
    if (isNamed) this.origin = from.name
    this.metrics = from.metrics
  }

  /** Whether the run was saved as it stood after this step. */
  has(step: number): boolean {
    return this.place?.step === step && !this.place.isWithinStep
  }

  /** @throws Error when the checkpoint under way has failed by now. */
  check(): void | Promise<void> {
    if (this.flight?.hasFailed) return this.settle()
  }

  /** Takes a checkpoint, once the one before is durable. Waits for the copy of the state alone. */
  async take(moment: Moment): Promise<void> {
    await this.settle()
    this.checkMetric()
    const { distributed } = this.run
    const { step, requests } = moment
    await this.run.trigger(events.pre, Object.freeze({ distributed, step, requests }))
    const state = await moment.capture()
    const place = { step: state.step, isWithinStep: 'partial' in state && state.partial !== undefined }
    if (!place.isWithinStep && this.has(place.step)) return
    this.place = place
    this.flight = new Flight(() => this.write(moment, state))
  }

  /** Waits for the checkpoint under way, and tells that it is durable. @throws Error when it has failed. */
  async settle(): Promise<void> {
    const { flight, run, store } = this
    if (flight === undefined) return
    await flight.end()
    this.flight = undefined
    const { manifest, manifests, leftOver } = await flight.landed().catch((error) => this.fail(error))
    this.manifests = manifests
    this.durable = manifest.name
    for (const message of leftOver) run.warn(message)
    const { distributed } = run
    const location = `${store.location}/${manifest.name}`
    await run.trigger(events.committed, Object.freeze({ distributed, step: manifest.step, location }))
  }

  /** Waits for the checkpoint under way, whatever becomes of it. */
  async end(): Promise<void> {
    await this.flight?.end()
  }

  /** The best by a metric that no evaluation has would be lost without a word. */
  private checkMetric(): void {
    const { keep, metrics } = this
    const names = Object.keys(metrics)
    if (keep.best === undefined || names.length === 0 || keep.best.metric in metrics) return
    this.run.warn(
      `keep.best: evaluations have no "${keep.best.metric}", so none is kept for it; there are ${names.join(', ')}`,
    )
  }

  private async write({ reasons, pinned }: Moment, state: RunState | InferenceState): Promise<Landed> {
    const { store, metrics, model } = this
    const { rank, worldSize } = this.run.distributed
    const facts = { sequence: ++this.sequence, rank, worldSize, reasons, metrics, pinned }
    const manifest = await writeCheckpoint(store, state, facts, model)
    return { manifest, ...(await this.retain([manifest, ...this.manifests])) }
  }

  private async retain(manifests: readonly Manifest[]): Promise<Omit<Landed, 'manifest'>> {
    const { store, origin } = this
    const leftOver: string[] = []
    const removed = new Set<string>()
    for (const name of expired(manifests, this.keep)) {
      if (name === origin) continue
      // Somebody may have pinned it meanwhile; what is damaged or gone by now is not counted any more.
      const present = await readManifest(store, name).catch(() => undefined)
      try {
        if (present?.pinned === false) await store.remove(name)
        removed.add(name)
      } catch (error) {
        leftOver.push(`${store.location}/${name} could not be removed: ${messageOf(error)}`)
      }
    }
    return { manifests: manifests.filter(({ name }) => !removed.has(name)), leftOver }
  }

  private fail(cause: unknown): never {
    const { durable, store } = this
    this.place = undefined
    const stays = durable === undefined ? 'there is none before it' : `${durable} before it stays`
    throw new Error(`a checkpoint could not be saved in ${store.location}: ${messageOf(cause)}; ${stays}`, {
      cause,
    })
  }
}
