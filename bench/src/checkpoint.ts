/**
 * What checkpoints cost: how long a save keeps the loop waiting, how fast they are written and read, and the memory
 * that a save needs.
 *
 * Goals: the loop waits at most 1.2 times as long as a bare copy of the same tensors takes; saving and loading, hashes
 * included, reach 80 % of the disk's own speed, into memory where it is read: at most 1.25 times its time; and a save
 * needs at most 1.2 times the state's memory besides.
 */
import { benchmark, type Case } from './frame/benchmark.ts'
import { flags } from './frame/flags.ts'
import { atMost } from './frame/results.ts'

/** Of the state that is saved and loaded. */
const megabytes = flags.quick ? 5 : 500

const ours = 'hookstep'
const copies = ['tensor.data()', 'tensor.dataSync()'] as const
const writes = ['node:fs, write and fsync'] as const
const reads = ['node:fs, a buffer again and again', 'node:fs, into memory'] as const
const settings = {
  wait: 'the loop waits',
  beside: 'three steps beside it',
  save: `${megabytes} MB saved`,
  load: `${megabytes} MB loaded`,
  memory: `MB beside ${megabytes}`,
} as const

// Loaded only where they are measured: TensorFlow.js would be in the memory that is looked at.
const inTraining = () => import('./checkpoint/in-training.ts')
const ofPlainState = () => import('./checkpoint/plain-state.ts')
const plainFiles = () => import('./checkpoint/plain-files.ts')

await benchmark({
  name: 'checkpoint',
  unit: 'ms, or MB',
  rounds: 5,
  cases: [waits(), saves(), loads()].flat(),
  goals: (results) => [
    atMost(1.2, 'what the loop waits, to a bare copy', results.ratio(ours, copies, settings.wait), 'x'),
    atMost(1.25, 'saving, to a plain write', results.ratio(ours, writes, settings.save), 'x'),
    atMost(1.25, 'loading, to a plain read into memory', results.ratio(ours, [reads[1]], settings.load), 'x'),
    atMost(1.2, 'memory, to the state', results.of(ours, settings.memory) / megabytes, 'x'),
  ],
})

function waits(): Case[] {
  const [asynchronous, synchronous] = copies
  return [
    { subject: ours, setting: settings.wait, measure: async () => (await inTraining()).timeWait() },
    { subject: asynchronous, setting: settings.wait, measure: async () => (await inTraining()).timeData() },
    {
      subject: synchronous,
      setting: settings.wait,
      measure: async () => (await inTraining()).timeDataSync(),
    },
    { subject: ours, setting: settings.beside, measure: async () => (await inTraining()).timeStepsBeside() },
    {
      subject: 'nothing saved',
      setting: settings.beside,
      measure: async () => (await inTraining()).timeStepsAlone(),
    },
  ]
}

function saves(): Case[] {
  return [
    {
      subject: ours,
      setting: settings.save,
      measure: async () => (await ofPlainState()).timeSave(megabytes),
    },
    {
      subject: writes[0],
      setting: settings.save,
      measure: async () => (await plainFiles()).timeWrite(megabytes),
    },
    {
      subject: ours,
      setting: settings.memory,
      measure: async () => (await ofPlainState()).memoryOfSave(megabytes),
    },
  ]
}

function loads(): Case[] {
  const [again, intoMemory] = reads
  return [
    {
      subject: ours,
      setting: settings.load,
      measure: async () => (await ofPlainState()).timeLoad(megabytes),
    },
    { subject: again, setting: settings.load, measure: async () => (await plainFiles()).timeRead(megabytes) },
    {
      subject: intoMemory,
      setting: settings.load,
      measure: async () => (await plainFiles()).timeReadIntoMemory(megabytes),
    },
  ]
}
