/** Does what needs room, and says how much there is where it fails for want of it. */
export async function withRoom<Result>(location: string, body: () => Promise<Result>): Promise<Result> {
  try {
    return await body()
  } catch (error) {
    throw isOutOfRoom(error) ? await outOfRoom(location, error) : error
  }
}

function isOutOfRoom(error: unknown): boolean {
  return error instanceof Error && error.name === 'QuotaExceededError'
}

async function outOfRoom(location: string, cause: unknown): Promise<Error> {
  const { usage, quota } = await estimate()
  const room = quota === undefined ? '' : ` (${megabytes(usage)} of ${megabytes(quota)} are used)`
  const remedy = 'Keep fewer checkpoints, or remove what else this site has stored'
  return new Error(`${location}: the browser gives this site no more room${room}. ${remedy}`, { cause })
}

async function estimate(): Promise<StorageEstimate> {
  try {
    return (await navigator.storage?.estimate?.()) ?? {}
  } catch {
    return {}
  }
}

function megabytes(bytes = 0): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
