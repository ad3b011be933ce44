/** @throws Error where there is no such file system: in an insecure context, and in some private windows. */
export async function root(): Promise<FileSystemDirectoryHandle> {
  try {
    return await navigator.storage.getDirectory()
  } catch (cause) {
    throw new Error(
      'this browser keeps no files for this page: serve it by https (or from localhost), not in a private window, ' +
        "or take mode: 'disabled'",
      { cause },
    )
  }
}

export async function unlessMissing<Value>(found: Promise<Value>): Promise<Value | undefined> {
  try {
    return await found
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return undefined
    throw error
  }
}
