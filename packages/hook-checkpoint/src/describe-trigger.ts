import type { Trigger } from '@hookstep/catalogue'

/** A trigger in words: `every 100 steps, at the end`. */
export function describeTrigger(trigger: Trigger): string {
  switch (trigger.kind) {
    case 'any':
      return trigger.triggers.map(describeTrigger).join(', ')
    case 'at':
      return `at ${trigger.points.join(', ')} ${trigger.unit}`
    case 'end':
      return 'at the end'
    case 'every':
      return `every ${trigger.period} ${trigger.unit}`
  }
}
