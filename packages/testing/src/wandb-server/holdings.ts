import { type ArtifactRecord, RunRecord } from './stored-run.ts'

/** All that the server holds. */
export class Holdings {
  /** Whom the key belongs to. */
  readonly entity: string
  readonly runs: RunRecord[] = []

  constructor(entity: string) {
    this.entity = entity
  }

  find(entity: string, project: string, id: string): RunRecord | undefined {
    return this.runs.find((run) => run.entity === entity && run.project === project && run.id === id)
  }

  create(entity: string, project: string, id: string): RunRecord {
    const run = new RunRecord(entity, project, id)
    this.runs.push(run)
    return run
  }

  get artifacts(): ArtifactRecord[] {
    return this.runs.flatMap((run) => run.artifacts)
  }
}
