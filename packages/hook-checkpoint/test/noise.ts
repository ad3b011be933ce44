/** The same bytes each time, which nothing can compress. */
export function noise(length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4))
  let word = 0x9e3779b9
  for (let i = 0; i < words.length; i++) {
    word = Math.imul(word ^ (word >>> 15), 0x85ebca6b) + i
    words[i] = word
  }
  return new Uint8Array(words.buffer, 0, length)
}
