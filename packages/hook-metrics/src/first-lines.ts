import { open } from 'node:fs/promises'

/** The first lines of a file, without their line breaks; fewer where it has fewer. */
export async function firstLines(path: string, count: number): Promise<string[]> {
  const file = await open(path)
  try {
    const lines: string[] = []
    for await (const line of file.readLines({ autoClose: false })) {
      lines.push(line)
      if (lines.length === count) break
    }
    return lines
  } finally {
    await file.close()
  }
}
