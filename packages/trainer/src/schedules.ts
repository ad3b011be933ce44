/**
 * The learning rate of a step, counted from 1: a pure function. Schedules that end with the run take
 * `totalSteps`, its length, where no length of their own is given.
 */
export type Schedule = (step: number, totalSteps: number | undefined) => number
