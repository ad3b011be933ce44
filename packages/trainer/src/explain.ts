import { checkpoint, evaluate, inference, train } from '@hookstep/catalogue'
import type { Event, EventBus } from '@hookstep/core'
import type { LedgerOptions } from './ledger.ts'

/** The events of a training run, in the order in which they come. */
const trainingOrder: readonly Event<object>[] = [
  train.configuration.start,
  train.configuration.data_loader,
  train.configuration.model_stages,
  train.configuration.optimizer,
  train.configuration.lr_scheduler,
  train.restore,
  checkpoint.rejected,
  train.ready,
  train.epoch.pre,
  train.step.pre,
  train.batch.pre,
  train.batch.post,
  train.forward_backward.pre,
  train.microbatch.pre,
  train.microbatch.post,
  train.forward_backward.post,
  train.optimizer_step.pre,
  train.optimizer_step.post,
  train.log,
  evaluate.pre,
  evaluate.step.pre,
  evaluate.step.post,
  evaluate.post,
  train.step.post,
  train.checkpoint,
  checkpoint.pre,
  checkpoint.committed,
  train.epoch.post,
  train.finished,
  train.stopped,
  train.failed,
  train.closed,
]

/** The events of an inference, in the order in which they come. */
export const inferenceOrder: readonly Event<object>[] = [
  inference.configuration.start,
  inference.configuration.data_loader,
  inference.configuration.model_stages,
  inference.restore,
  checkpoint.rejected,
  inference.ready,
  inference.step.pre,
  inference.forward.pre,
  inference.forward.post,
  inference.step.post,
  inference.checkpoint,
  checkpoint.pre,
  checkpoint.committed,
  inference.finished,
  inference.stopped,
  inference.failed,
  inference.closed,
]

/** The resolved options, the hooks, and who is told of what in which order. */
export function explain(
  { bus, configuration }: LedgerOptions,
  hooks: readonly string[],
  order: readonly Event<object>[] = trainingOrder,
): string {
  const settings = Object.entries(configuration as object).map(
    ([name, value]) => `  ${name}: ${JSON.stringify(value)}`,
  )
  const handlers = order.filter((event) => bus.hasSubscribers(event)).map((event) => `  ${told(bus, event)}`)
  return [
    'Options',
    ...settings,
    `Hooks: ${hooks.join(', ') || 'none'}`,
    'Handlers, in the order of a run',
    ...handlers,
  ].join('\n')
}

function told(bus: EventBus, event: Event<object>): string {
  const names = bus.subscribers(event).map((hook) => hook ?? '(bus)')
  return `${event.id}: ${names.join(', ')}`
}
