import { defineEvent, type Event } from '@hookstep/core'
import type { ConfigurationContext, DataLoaderContext, ModelContext } from './contexts.ts'

/** The options are resolved and the processes of the run are known. Nothing is built yet. */
export const start: Event<ConfigurationContext> = defineEvent('inference.configuration.start')

/** The data is known; no batch has been fetched. */
export const data_loader: Event<DataLoaderContext> = defineEvent('inference.configuration.data_loader')

/** The model is built. */
export const model_stages: Event<ModelContext> = defineEvent('inference.configuration.model_stages')
