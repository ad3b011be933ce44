export { consoleLines } from './console-lines.ts'
export { type History, history } from './history.ts'
export { parseJournal } from './journal-format.ts'
export { type Mlflow, type MlflowOptions, mlflow } from './mlflow/mlflow.ts'
export {
  type OpenTelemetryGauge,
  type OpenTelemetryMeter,
  type OpenTelemetryOptions,
  openTelemetry,
} from './open-telemetry.ts'
export { type PrometheusOptions, type PrometheusRegistry, prometheus } from './prometheus.ts'
export type {
  EndRow,
  EvaluationRow,
  FailedRow,
  FinishedRow,
  JournalRow,
  KeptMedia,
  LogRow,
  MeasuredRow,
  MediaRow,
  RowPosition,
  StartRow,
  StoppedRow,
} from './rows.ts'
export { throughput } from './throughput.ts'
