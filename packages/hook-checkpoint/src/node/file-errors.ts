const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space, or keep fewer checkpoints',
  EDQUOT: 'the quota is used up: free some space, or keep fewer checkpoints',
  EROFS: 'the file system is read-only: name a folder that can be written',
  EACCES: 'access is denied: give this user the right, or name another folder',
  EPERM: 'the system does not permit it: give this user the right, or name another folder',
  ENOTDIR: 'a part of the path is a file: name a folder',
  EEXIST: 'a part of the path is a file: name a folder',
  ENAMETOOLONG: 'the path is too long: name a shorter one',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
  // Newer versions of Node permit nobody to sync a file under it.
  ERR_ACCESS_DENIED: "Node's permission model forbids it: run without it",
  EIO: 'the disk reports an error: check it, and name a folder elsewhere',
}

/** An error of the file system, with the folder and what to do. */
export function explained(folder: string, what: string, cause: unknown): Error {
  const { code = '', message } = cause as NodeJS.ErrnoException
  const remedy = Object.hasOwn(remedies, code) ? remedies[code] : undefined
  return new Error(`${folder}: ${what}: ${remedy ? `${remedy} (${message})` : message}`, { cause })
}

/** Does something with a folder. @throws Error naming the folder, and the remedy where one is known. */
export async function explaining<Result>(
  folder: string,
  what: string,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action()
  } catch (cause) {
    throw explained(folder, what, cause)
  }
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException)?.code ?? '')
}
