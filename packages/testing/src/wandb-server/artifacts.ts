import type { Operation, Place } from './graphql.ts'
import { Refusal } from './refusal.ts'
import type { ArtifactRecord } from './stored-run.ts'

/** What a client says of a version that it is about to upload. */
interface Announced {
  readonly entityName: string
  readonly projectName: string
  readonly runName: string
  readonly artifactTypeName: string
  readonly artifactCollectionName: string
  readonly digest: string
  readonly metadata: string | null
  readonly aliases: readonly { readonly alias: string }[] | null
}

/** The operations on artifacts that the official client does while it logs one, by the names it gives them. */
export const artifactOperations: Readonly<Record<string, Operation>> = {
  ArtifactType: ({ holdings }, { name }) => {
    const found = holdings.artifacts.find((artifact) => artifact.name === String(name).split(':')[0])
    return { project: { artifact: found ? { artifactType: { name: found.type } } : null } }
  },

  ClientIDMapping: () => ({ clientIDMapping: null }),
  XXHashDigestsEnabled: () => ({ entity: { xxhashDigestsEnabled: false } }),
  FetchArtifactDigestAlgorithm: () => ({ project: { artifactType: null } }),

  CreateArtifact: (place, { input }) => {
    const artifact = announced(place, input)
    const state = artifact.committed ? 'COMMITTED' : 'PENDING'
    return {
      createArtifact: { artifact: { id: artifact.id, state, artifactSequence: sequenceOf(artifact) } },
    }
  },

  CreateArtifactManifest: (place, { artifactID, includeUpload }) => {
    const { id } = find(place, artifactID)
    const uploadUrl = includeUpload === false ? null : `${place.url}/storage/manifests/${id}`
    const file = { id: `${id}-manifest`, uploadUrl, uploadHeaders: [] }
    return { createArtifactManifest: { artifactManifest: { id: `${id}-manifest`, file } } }
  },

  UpdateArtifactManifest: (place, { artifactManifestID }) => {
    const { id } = find(place, String(artifactManifestID).replace(/-manifest$/, ''))
    const file = {
      id: artifactManifestID,
      uploadUrl: `${place.url}/storage/manifests/${id}`,
      uploadHeaders: [],
    }
    return { updateArtifactManifest: { artifactManifest: { id: artifactManifestID, file } } }
  },

  CreateArtifactFiles: (place, { input }) => {
    const files = input.artifactFiles as readonly { readonly artifactID: string; readonly name: string }[]
    const edges = files.map(({ artifactID, name }) => ({ node: uploadOf(place, artifactID, name) }))
    return { createArtifactFiles: { files: { edges } } }
  },

  CommitArtifact: (place, { artifactID }) => {
    const artifact = find(place, artifactID)
    if (artifact.manifest === undefined) throw new Refusal(400, `the artifact ${artifactID} has no manifest`)
    artifact.committed = true
    return { commitArtifact: { artifact: { id: artifact.id, digest: artifact.digest } } }
  },
}

/** A new version, or the one with the same content. */
function announced({ holdings }: Place, input: Announced): ArtifactRecord {
  const {
    entityName,
    projectName,
    runName,
    artifactCollectionName: name,
    artifactTypeName: type,
    digest,
  } = input
  const run = holdings.find(entityName || holdings.entity, projectName, runName)
  if (run === undefined) throw new Refusal(404, `there is no run ${entityName}/${projectName}/${runName}`)
  const same = run.artifacts.find((artifact) => artifact.name === name && artifact.digest === digest)
  if (same !== undefined) return same
  const artifact: ArtifactRecord = {
    id: `artifact-${holdings.artifacts.length + 1}`,
    name,
    type,
    digest,
    aliases: (input.aliases ?? []).map(({ alias }) => alias),
    metadata: input.metadata === null ? null : JSON.parse(input.metadata),
    committed: false,
    manifest: undefined,
    files: new Map(),
  }
  run.artifacts.push(artifact)
  return artifact
}

function sequenceOf({ id, name, committed }: ArtifactRecord): object {
  return { id: name, latestArtifact: committed ? { id } : null }
}

function uploadOf(place: Place, id: string, name: string): object {
  const artifact = find(place, id)
  const path = name.split('/').map(encodeURIComponent).join('/')
  return {
    id: `${id}/${name}`,
    name,
    displayName: name,
    storagePath: `artifacts/${id}/${path}`,
    uploadUrl: `${place.url}/storage/artifacts/${id}/${path}`,
    uploadHeaders: [],
    uploadMultipartUrls: null,
    artifact: { id: artifact.id },
  }
}

function find({ holdings }: Place, id: string): ArtifactRecord {
  const artifact = holdings.artifacts.find((candidate) => candidate.id === id)
  if (artifact === undefined) throw new Refusal(404, `there is no artifact ${id}`)
  return artifact
}
