import type { Json, RunState } from '@hookstep/catalogue'

/** What becomes of a difference: nothing, a warning that the run goes on as another one, or a refusal. */
type Verdict = 'allowed' | 'told' | 'refused'

/**
 * What a difference between the saved run and this one means for a state between two steps, and for one within a
 * step where that is another thing.
 */
const verdicts: Readonly<Record<string, readonly [between: Verdict, within?: Verdict]>> = {
  // How long, and what is watched: nothing that the parameters depend on.
  steps: ['allowed'],
  epochs: ['allowed'],
  prefetch: ['allowed'],
  log: ['allowed'],
  evaluate: ['allowed'],
  hooks: ['allowed'],
  // What is learned from here on is not what the saved run would have learned.
  backend: ['told'],
  batchSize: ['told', 'refused'],
  accumulate: ['told', 'refused'],
  learningRate: ['told'],
  maxGradientNorm: ['told'],
  nonFiniteLoss: ['told'],
  // The saved place in the data, or in the evaluation, would be none here.
  'data.length': ['refused'],
  seed: ['refused'],
  shuffle: ['refused'],
  lastBatch: ['refused'],
  worldSize: ['refused'],
  'evaluate.batchSize': ['allowed', 'refused'],
}

const remedies: Readonly<Record<Exclude<Verdict, 'allowed'>, string>> = {
  told: 'from here on it is another run than the saved one',
  refused: 'give it the same',
}

/**
 * Compares this run with the saved one that it is to continue.
 *
 * @returns a warning for each difference that makes it another run.
 * @throws RangeError naming the differences with which the saved place means nothing.
 */
export function compareConfigurations(
  state: RunState,
  now: { readonly configuration: Json; readonly length: number | undefined },
): readonly string[] {
  const saved = settingsOf(state.configuration, state.data.length, state)
  const own = settingsOf(now.configuration, now.length, state)
  const differences = Object.keys(verdicts).flatMap((name) =>
    differenceOf(name, saved[name], own[name], state),
  )
  const refused = differences.filter(({ verdict }) => verdict === 'refused')
  if (refused.length > 0) throw new RangeError(refused.map(({ text }) => text).join('; '))
  return differences.map(({ text }) => text)
}

type Settings = Readonly<Record<string, Json | undefined>>

/** Every option, and what else there is to compare. */
function settingsOf(configuration: Json, length: number | undefined, state: RunState): Settings {
  const options = configuration as Settings
  const evaluate = options.evaluate as Settings | undefined
  const isEvaluating = state.partial?.evaluation !== undefined
  return {
    ...options,
    'data.length': length,
    ...(isEvaluating && { 'evaluate.batchSize': evaluate?.batchSize }),
  }
}

function differenceOf(
  name: string,
  saved: Json | undefined,
  own: Json | undefined,
  { partial }: RunState,
): { readonly verdict: Verdict; readonly text: string }[] {
  const [between, within = between] = verdicts[name] as readonly [Verdict, Verdict?]
  const verdict = partial === undefined ? between : within
  const values = name === 'learningRate' ? differingRates(saved, own) : differing(saved, own)
  if (verdict === 'allowed' || values === undefined) return []
  const remedy =
    within === between
      ? remedies[verdict]
      : verdict === 'refused'
        ? `${remedies.refused}, or restore a state that was not taken within a step`
        : remedies[verdict]
  return [{ verdict, text: `the saved run has ${name} ${values[0]}, this one ${values[1]}: ${remedy}` }]
}

type Values = readonly [saved: string, own: string]

function differing(saved: Json | undefined, own: Json | undefined): Values | undefined {
  const [one, other] = [shown(saved), shown(own)]
  return one === other ? undefined : [one, other]
}

function shown(value: Json | undefined): string {
  return value === undefined ? 'unset' : JSON.stringify(value)
}

/** Compares schedules by the rates that both tell of. */
function differingRates(saved: Json | undefined, own: Json | undefined): Values | undefined {
  const steps = Object.keys({ ...(saved as object), ...(own as object) })
  if (steps.length === 0) return differing(saved, own)
  for (const step of steps) {
    const [one, other] = [rateAt(saved, step), rateAt(own, step)]
    if (one === undefined || other === undefined || one === other) continue
    return [`${shown(one)} at step ${step}`, shown(other)]
  }
  return undefined
}

function rateAt(rates: Json | undefined, step: string): Json | undefined {
  return typeof rates === 'object' ? (rates as Settings | null)?.[step] : rates
}
