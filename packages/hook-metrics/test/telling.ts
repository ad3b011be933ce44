import { type Hook, type Media, metrics, type Run, train } from '@hookstep/catalogue'
import { at } from './runs.ts'

/** One of each kind, as a hook might show them. */
export const shown = {
  words: { kind: 'text', text: 'to be, "or not"\nto be' },
  picture: { kind: 'image', width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0, 0, 0, 255) },
  'gradients/kernel': { kind: 'histogram', edges: [-1, 0, 1.5, 2], counts: [3, 0, 1] },
  guesses: {
    kind: 'table',
    columns: ['label', 'guess', 'right'],
    rows: [
      ['7', 7, true],
      ['a|b', null, false],
    ],
  },
} as const satisfies Record<string, Media>

/** A hook that measures and shows something at the end of a step. */
export function telling(atStep: number): Hook {
  return at(
    train.step.post,
    ({ step }, run) => (step === atStep ? tell(run) : undefined),
    `telling at ${atStep}`,
  )
}

async function tell(run: Run): Promise<void> {
  const { distributed, progress } = run
  const context = { distributed, progress, step: progress.step }
  await run.trigger(metrics.measured, {
    ...context,
    source: 'system',
    values: { cpu_percent: 12.5, broken: Number.NaN },
  })
  for (const [name, media] of Object.entries(shown))
    await run.trigger(metrics.media, { ...context, name, media })
}
