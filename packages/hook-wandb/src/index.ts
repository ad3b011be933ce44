export { type ReadRecord, readLog } from './log/read-log.ts'
export type {
  ConfigRecord,
  ExitRecord,
  FileEntry,
  FilesRecord,
  HeaderRecord,
  HistoryRecord,
  Item,
  LogRecord,
  MetricRecord,
  OutputRecord,
  RunRecord,
  StatsRecord,
  SummaryRecord,
} from './log/records.ts'
export type { Mode, WandbOptions } from './options.ts'
export type { Platform } from './platform.ts'
export type { AppendedFile, RunFolder } from './run-folder.ts'
export type { Surroundings } from './settings.ts'
export type { RunAddress, StartUpload, Uploader, UploadOutcome, UploadRequest } from './uploader.ts'
export { type Wandb, wandbOn } from './wandb.ts'
