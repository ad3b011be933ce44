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

/**
 * The parts' bytes one behind the other, cut anew: into chunks of so many bytes, the last one shorter. A chunk that
 * lies within one part is a view of it, and else a copy.
 */
export function* chunksOf(parts: readonly Uint8Array[], bytes: number): Generator<Uint8Array> {
  let gathered: Uint8Array[] = []
  let room = bytes
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      const piece = part.subarray(at, at + room)
      gathered.push(piece)
      at += piece.length
      room -= piece.length
      if (room > 0) continue
      yield joined(gathered)
      gathered = []
      room = bytes
    }
  }
  if (gathered.length > 0) yield joined(gathered)
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1 && pieces[0]) return pieces[0]
  const bytes = new Uint8Array(bytesOf(pieces))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

/** Fills the parts one behind the other with chunks as they come. */
export class PartsFilling {
  private readonly parts: readonly Uint8Array[]
  private part = 0
  private at = 0

  constructor(parts: readonly Uint8Array[]) {
    this.parts = parts
  }

  /** What is more than the parts hold is left out. */
  add(chunk: Uint8Array): void {
    let rest = chunk
    while (rest.length > 0 && this.part < this.parts.length) {
      const part = (this.parts[this.part] as Uint8Array).subarray(this.at)
      const fitting = rest.subarray(0, part.length)
      part.set(fitting)
      rest = rest.subarray(fitting.length)
      this.at += fitting.length
      if (fitting.length < part.length) continue
      this.part++
      this.at = 0
    }
  }
}
