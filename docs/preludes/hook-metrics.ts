/** What the doc comments of hook-metrics take for granted. */
import { metrics as api } from '@opentelemetry/api'

export { register } from 'prom-client'
export const meter = api.getMeter('training')
