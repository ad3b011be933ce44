/** What every JavaScript platform has and the language's own library does not describe. */
interface Platform {
  setTimeout(callback: () => void, ms: number): unknown
}

const platform = globalThis as unknown as Platform

/** Settles after that many milliseconds. */
export function later(ms: number): Promise<void> {
  return new Promise((resolve) => {
    platform.setTimeout(resolve, ms)
  })
}
