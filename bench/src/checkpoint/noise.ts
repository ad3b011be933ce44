/** Bytes that nothing can compress. */
export function noise(bytes: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(bytes / 4))
  let word = 0x9e3779b9
  for (let index = 0; index < words.length; index++) {
    word = Math.imul(word ^ (word >>> 15), 0x85ebca6b) + index
    words[index] = word
  }
  return new Uint8Array(words.buffer, 0, bytes)
}
