import { checkpoint, evaluate, inference, train } from '@hookstep/catalogue'
import { expect, test } from 'vitest'
import { catalogueEvents } from '../src/index.ts'

test('the events of the catalogue are those that it exports, by id', () => {
  const events = catalogueEvents()
  expect([...events.keys()].sort()).toMatchInlineSnapshot(`
    [
      "checkpoint.committed",
      "checkpoint.pre",
      "checkpoint.rejected",
      "evaluate.post",
      "evaluate.pre",
      "evaluate.step.post",
      "evaluate.step.pre",
      "hook.dropped",
      "hook.failed",
      "hook.slow",
      "inference.checkpoint",
      "inference.closed",
      "inference.configuration.data_loader",
      "inference.configuration.model_stages",
      "inference.configuration.start",
      "inference.failed",
      "inference.finished",
      "inference.forward.post",
      "inference.forward.pre",
      "inference.ready",
      "inference.restore",
      "inference.step.post",
      "inference.step.pre",
      "inference.stopped",
      "metrics.measured",
      "metrics.media",
      "train.batch.post",
      "train.batch.pre",
      "train.checkpoint",
      "train.closed",
      "train.configuration.data_loader",
      "train.configuration.lr_scheduler",
      "train.configuration.model_stages",
      "train.configuration.optimizer",
      "train.configuration.start",
      "train.epoch.post",
      "train.epoch.pre",
      "train.failed",
      "train.finished",
      "train.forward_backward.post",
      "train.forward_backward.pre",
      "train.log",
      "train.microbatch.post",
      "train.microbatch.pre",
      "train.optimizer_step.post",
      "train.optimizer_step.pre",
      "train.ready",
      "train.restore",
      "train.step.post",
      "train.step.pre",
      "train.stopped",
    ]
  `)
  expect([events.get('train.step.pre'), events.get('evaluate.post')]).toEqual([train.step.pre, evaluate.post])
  expect([events.get('checkpoint.committed'), events.get('inference.configuration.start')]).toEqual([
    checkpoint.committed,
    inference.configuration.start,
  ])
})
