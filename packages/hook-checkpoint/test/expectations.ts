/** What the store contract expects with, wherever it runs: Vitest's `expect` is not at home in a page. */

/** @throws Error with both, where one is not the other, written as JSON. */
export function equal(actual: unknown, expected: unknown): void {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (found !== wanted) throw new Error(`expected ${wanted}, found ${found}`)
}

/** @returns what the refusal says. @throws Error where nothing was refused, or in other words. */
export async function refuses(attempt: Promise<unknown>, words = /./): Promise<string> {
  const outcome = await attempt.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if (!('error' in outcome)) throw new Error(`expected a refusal, found ${JSON.stringify(outcome.value)}`)
  const message = outcome.error instanceof Error ? outcome.error.message : String(outcome.error)
  if (!words.test(message)) throw new Error(`expected a refusal with ${words}, found: ${message}`)
  return message
}
