import type { Holdings } from './holdings.ts'
import { Refusal } from './refusal.ts'
import type { Row } from './stored-run.ts'

/**
 * Keeps a file that is put at an address that the server handed out: a run's, an artifact's, or the manifest of one.
 *
 * @throws Refusal 404 where it handed none out.
 */
export function keepUpload(holdings: Holdings, path: readonly string[], bytes: Uint8Array): void {
  const [kind, ...rest] = path
  if (kind === 'runs') keepRunFile(holdings, rest, bytes)
  else keepArtifactFile(holdings, path, bytes)
}

function keepArtifactFile(holdings: Holdings, path: readonly string[], bytes: Uint8Array): void {
  const [kind, id, ...name] = path
  const artifact = holdings.artifacts.find((candidate) => candidate.id === id)
  if (artifact === undefined) throw new Refusal(404, `nothing is uploaded to ${path.join('/')}`)
  if (kind === 'artifacts') artifact.files.set(name.join('/'), bytes)
  else artifact.manifest = JSON.parse(Buffer.from(bytes).toString()) as Row
}

function keepRunFile(holdings: Holdings, path: readonly string[], bytes: Uint8Array): void {
  const [entity, project, id, ...file] = path as [string, string, string, ...string[]]
  const run = holdings.find(entity, project, id)
  if (run === undefined) throw new Refusal(404, `there is no run ${entity}/${project}/${id}`)
  run.files.set(file.join('/'), bytes)
}
