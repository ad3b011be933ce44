const pauseMs = 50
const attempts = 100

/**
 * Changes a file as soon as nobody else has it open: what a tab had open when it was closed stays so for a moment.
 *
 * @throws Error when it is still open after some five seconds, naming it.
 */
export async function whenFree<Result>(path: string, change: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change()
    } catch (error) {
      if (!isInUse(error)) throw error
      if (attempt === attempts) throw new Error(`${path} is open in another tab or Worker`, { cause: error })
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NoModificationAllowedError'
}
