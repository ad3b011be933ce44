/** The folder of a W&B run: its transaction log, and the files that belong to it. Paths within it have slashes. */
export interface RunFolder {
  /** Names the folder in messages. */
  readonly location: string
  /** Bytes of a file; `undefined` where there is none. */
  size(path: string): Promise<number | undefined>
  /** Bytes of a file from a position on: as many as are asked for, or as there are. @throws Error where there is no file. */
  read(path: string, position: number, length: number): Promise<Uint8Array>
  /** Writes a file as a whole, in place of what is there, and makes the folders above it. Interrupted, the old one stays. */
  write(path: string, bytes: Uint8Array): Promise<void>
  /** Opens a file, made where there is none, to go on behind its first `bytes` bytes; what comes after them is dropped. */
  append(path: string, bytes: number): Promise<AppendedFile>
}

/** A file that grows. One call at a time. */
export interface AppendedFile {
  /** Adds bytes behind the last that were written. Where it rejects, none of them counts: they can be given again. */
  write(bytes: Uint8Array): Promise<void>
  /** What is being written is not to wait for more, should it. */
  hurry(): void
  /** Makes what was written survive a power failure. */
  sync(): Promise<void>
  close(): Promise<void>
}
