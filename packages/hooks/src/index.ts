export type { ArrayStatistics, Histogram } from './array-statistics.ts'
export { type EarlyStoppingOptions, earlyStopping } from './early-stopping.ts'
export {
  type LearningRateFinder,
  type LearningRateFinderOptions,
  learningRateFinder,
  type RatePoint,
} from './learning-rate-finder.ts'
export { type NanGuardOptions, nanGuard } from './nan-guard.ts'
export { type ReduceOnPlateauOptions, reduceOnPlateau } from './reduce-on-plateau.ts'
export {
  type StatisticsContext,
  type StatisticsOptions,
  statistics,
  statisticsMeasured,
} from './statistics.ts'
export { type TimeLimitOptions, timeLimit } from './time-limit.ts'
export type { WatchOptions } from './watch.ts'
export { type WeightAverageOptions, weightAverage } from './weight-average.ts'
