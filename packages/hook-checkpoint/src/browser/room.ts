/** Does what needs room, and says so where it fails for want of it. */
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

/** Browsers no longer say how much room there is in all: only what is used can be told. */
async function outOfRoom(location: string, cause: unknown): Promise<Error> {
  const used = await usedBytes()
  const size = used === undefined ? '' : `, ${(used / 1e6).toFixed(1)} MB are used`
  const remedy = 'Keep fewer checkpoints, or remove what else this site has stored'
  return new Error(`${location}: the browser gives this site no more room${size}. ${remedy}`, { cause })
}

async function usedBytes(): Promise<number | undefined> {
  try {
    return (await navigator.storage?.estimate?.())?.usage
  } catch {
    return
  }
}
