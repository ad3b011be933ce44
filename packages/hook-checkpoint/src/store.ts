/**
 * Where checkpoints lie: folders of files, each of which is there as a whole or not at all. A store knows nothing
 * of what the files mean.
 */
export interface CheckpointStore {
  /** Names the place in messages: a folder's path, `s3://bucket/prefix`. */
  readonly location: string
  /**
   * Takes the place for one run.
   *
   * @returns gives it back.
   * @throws Error when another run that is alive has it, saying which.
   */
  acquire(): Promise<() => Promise<void>>
  /** The names of the committed checkpoints, in no order. What an interrupted save has left is not among them. */
  list(): Promise<readonly string[]>
  /** Begins a checkpoint, which nobody sees until it is committed. @throws Error when the name is taken. */
  create(name: string): Promise<CheckpointWriter>
  /** Opens a committed checkpoint. @throws Error when there is none of that name. */
  open(name: string): Promise<CheckpointReader>
  /** Removes a checkpoint; interrupted, it is there as a whole or not at all. */
  remove(name: string): Promise<void>
  /** A store within this one: that of a rank. */
  within(name: string): CheckpointStore
}

/** What a file holds. */
export interface FileEntry {
  readonly bytes: number
  /** SHA-256 in hexadecimal digits, computed of what was handed in, on the way. */
  readonly sha256: string
}

/** A checkpoint that is being written. */
export interface CheckpointWriter {
  /**
   * Writes a file: the parts one behind the other. It may take the parts' buffers, which are then detached. Several
   * files may be written at the same time.
   */
  write(file: string, parts: readonly Uint8Array[]): Promise<FileEntry>
  /** Makes the checkpoint durable and visible. Nothing can be written afterwards. */
  commit(): Promise<void>
  /** Removes what was written. */
  discard(): Promise<void>
}

/** A committed checkpoint that is being read. What it gives is not to be trusted before it is verified. */
export interface CheckpointReader {
  /** The names of its files, and their sizes in bytes. */
  files(): Promise<Readonly<Record<string, number>>>
  /**
   * Reads a whole file, parts one behind the other, as many bytes as each can hold.
   *
   * @returns what was read, hashed on the way.
   * @throws Error when the file is shorter or longer than the parts, or cannot be read.
   */
  read(file: string, into: readonly Uint8Array[]): Promise<FileEntry>
  close(): Promise<void>
}
