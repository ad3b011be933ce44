/** How many bytes the parts of a file hold together. */
export function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}

/** @throws Error where a file has more or fewer bytes than the parts that it is to be read into. */
export function checkLength(file: string, bytes: number, into: readonly Uint8Array[]): void {
  const expected = bytesOf(into)
  if (bytes === expected) return
  throw new Error(`${file} has ${bytes} bytes, it must have ${expected}: it was cut short or changed`)
}
