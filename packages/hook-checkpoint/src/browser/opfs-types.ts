/** What the file system standard has and TypeScript's types of the DOM leave out, because not every context has it. */

/** Of a file in the origin-private file system; a dedicated Worker has it, a page does not. */
export interface SyncAccessHandle {
  write(bytes: Uint8Array, options: { readonly at: number }): number
  flush(): void
  close(): void
}

export interface OpfsFile extends FileSystemFileHandle {
  createSyncAccessHandle?(): Promise<SyncAccessHandle>
}
