import { defineEvent, type Event } from '@hookstep/core'
import type {
  ConfigurationContext,
  DataLoaderContext,
  ModelContext,
  OptimizerContext,
  ScheduleContext,
} from './contexts.ts'

/** The options are resolved and the processes of the run are known. Nothing is built yet. */
export const start: Event<ConfigurationContext> = defineEvent('train.configuration.start')

/** The data order stands: its length is known where it can be. No batch has been fetched. */
export const data_loader: Event<DataLoaderContext> = defineEvent('train.configuration.data_loader')

/** The model is built with its initial parameters. A checkpoint has not been restored yet. */
export const model_stages: Event<ModelContext> = defineEvent('train.configuration.model_stages')

/** The optimizer is built, with fresh slots. */
export const optimizer: Event<OptimizerContext> = defineEvent('train.configuration.optimizer')

/** The learning rate of every step is known. */
export const lr_scheduler: Event<ScheduleContext> = defineEvent('train.configuration.lr_scheduler')
