/** What every JavaScript platform has and the language's own library does not describe. */
interface Platform {
  /** From characters of one byte each to base64, and back. */
  btoa(bytes: string): string
  atob(base64: string): string
}

export const platform: Platform = globalThis as unknown as Platform
