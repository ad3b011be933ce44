export type { WandbFault } from './wandb-server/fault.ts'
export {
  startWandbServer,
  type WandbRequest,
  type WandbServer,
  type WandbServerOptions,
} from './wandb-server/server.ts'
export type { StoredLines } from './wandb-server/stored-lines.ts'
export type { Row, StoredArtifact, StoredRun, StreamName } from './wandb-server/stored-run.ts'
