import { constant, cosine, linear, type Schedule, warmup } from '@hookstep/trainer'

/** By name: a schedule whose highest rate is `peak`. */
export const schedules = {
  cosine: (peak) => risingFirst(cosine({ from: peak })),
  linear: (peak) => risingFirst(linear({ from: peak })),
  constant: (peak) => constant(peak),
} satisfies Record<string, (peak: number) => Schedule>

export type ScheduleName = keyof typeof schedules
export const scheduleNames = Object.keys(schedules) as ScheduleName[]

/** The first twentieth of the run rises to the schedule's first rate: fresh parameters would move too far at once. */
function risingFirst(schedule: Schedule): Schedule {
  return (step, totalSteps = 0) => warmup(Math.max(1, Math.ceil(totalSteps / 20)), schedule)(step, totalSteps)
}
