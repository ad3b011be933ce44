import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cpu, momentum } from '@hookstep/backend-tfjs'
import { checkpoint } from '@hookstep/hook-checkpoint/node'
import { corners } from '@hookstep/testing'
import { random, Trainer } from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import { expect, test } from 'vitest'
import { command } from '../src/command/command.ts'
import { temporaryFolder } from './processes.ts'

/** With layers that TensorFlow.js numbers, a model in the model, and weights that are not learned. */
function model(): tf.LayersModel {
  const inner = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [4], name: 'named' })] })
  return tf.sequential({
    layers: [
      tf.layers.dense({ units: 4, inputShape: [2], activation: 'relu' }),
      tf.layers.batchNormalization(),
      inner,
      tf.layers.dense({ units: 2 }),
    ],
  })
}

test('exports a model that TensorFlow.js loads, and that predicts the same', async () => {
  const folder = await temporaryFolder()
  const data = corners()
  await using trainer = new Trainer({
    backend: cpu(() => ({ model: model(), loss: 'sparseSoftmaxCrossEntropy', optimizer: momentum() })),
    data,
    steps: 3,
    learningRate: 0.1,
    hooks: [checkpoint({ folder })],
  })
  await trainer.train()
  const lines: string[] = []
  const to = join(folder, 'export')
  const print = (text: string): void => void lines.push(text)
  expect(await command(['export', '--format', 'tfjs', '--to', to, '-f', folder], print, print)).toBe(0)
  expect(lines).toEqual([join(to, 'model.json'), join(to, 'weights.bin')])

  const loaded = await tf.loadLayersModel(files(to))
  const batch = await data.batch(Uint32Array.of(0, 1, 2, 3), random(0))
  const expected = await trainer.predict(batch)
  const outputs = loaded.predict(tf.tensor2d(batch.inputs?.data as Float32Array, [4, 2])) as tf.Tensor
  expect(await outputs.data()).toEqual(expected.data)
})

/** What `tf.io.fileSystem` of tfjs-node does. */
function files(folder: string): tf.io.IOHandler {
  return {
    async load() {
      const json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as tf.io.ModelJSON
      const weights = await readFile(join(folder, 'weights.bin'))
      return tf.io.getModelArtifactsForJSON(json, async (manifest) => [
        manifest.flatMap((group) => group.weights),
        new Uint8Array(weights).buffer,
      ])
    },
  }
}
