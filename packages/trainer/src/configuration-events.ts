import { type RunContext, train } from '@hookstep/catalogue'
import type { Session } from './backend.ts'
import type { Course } from './course.ts'
import type { Ledger } from './ledger.ts'
import { liveGradients, liveParameters } from './live-arrays.ts'
import type { ResolvedOptions } from './options.ts'
import type { Telling } from './telling.ts'
import { WhileDelivered } from './while-delivered.ts'

/** What the configuration events tell of. */
export interface ConfiguredParts {
  readonly options: ResolvedOptions
  readonly ledger: Ledger
  readonly course: Course
  readonly telling: Telling
}

/** Tells of what there is before the backend is opened. */
export async function tellOptions({ options, ledger, course, telling }: ConfiguredParts): Promise<void> {
  const base: RunContext = { distributed: ledger.distributed }
  const { configuration } = ledger
  await telling.tell(train.configuration.start, () => ({ ...base, configuration }))
  await telling.tell(train.configuration.data_loader, () => ({
    ...base,
    data: options.data,
    samplesPerEpoch: course.loader.samplesPerEpoch,
    stepsPerEpoch: course.stepsPerEpoch,
  }))
}

/** Tells of the model, and of how it learns. */
export async function tellModel(parts: ConfiguredParts, session: Session): Promise<void> {
  const { options, ledger, telling } = parts
  const base: RunContext = { distributed: ledger.distributed }
  const { model, optimizer, parameterCount } = session
  const onHostSync = (): void => ledger.timings.countHostSync()
  await telling.tell(train.configuration.model_stages, () => ({
    ...base,
    backend: options.backend.name,
    model,
    parameterCount,
    parameters: liveParameters(session, onHostSync),
  }))
  await telling.tell(train.configuration.optimizer, () => ({
    ...base,
    optimizer,
    gradients: liveGradients(session, onHostSync, () => telling.at),
  }))
  await tellSchedule(parts, base)
}

async function tellSchedule({ ledger, course, telling }: ConfiguredParts, base: RunContext): Promise<void> {
  const adjusting = new WhileDelivered('adjust()', train.configuration.lr_scheduler)
  await telling.tell(train.configuration.lr_scheduler, () => ({
    ...base,
    learningRate: (step: number) => course.learningRate(step, ledger.progress.totalSteps),
    adjust: (change: (rate: number, step: number) => number) => {
      adjusting.check()
      course.adjust(change)
    },
  }))
  await adjusting.end()
}
