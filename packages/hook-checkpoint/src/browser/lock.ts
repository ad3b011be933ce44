/** What this program has taken, where a browser has no locks. */
const taken = new Set<string>()

/**
 * Takes a name for as long as this page or Worker lives, or until it is given back. Of all the tabs and
 * Workers of an origin, one has it. Without the Web Locks API (in an insecure context), only this one page is looked at.
 *
 * @throws Error when it is taken, naming the location.
 */
export async function lock(name: string, location: string): Promise<() => Promise<void>> {
  const release = navigator.locks ? await webLock(name) : pageLock(name)
  if (release) return release
  throw new Error(
    `${location}: another run saves here, in this tab or in another one. Close it, or give this run a place of its own`,
  )
}

/** A Web Lock lasts as long as its callback does. */
function webLock(name: string): Promise<(() => Promise<void>) | undefined> {
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock === null) return resolve(undefined)
      return new Promise<void>((end) => {
        resolve(async () => {
          end()
          await held
        })
      })
    })
    held.catch(reject)
  })
}

function pageLock(name: string): (() => Promise<void>) | undefined {
  if (taken.has(name)) return
  taken.add(name)
  return async () => {
    taken.delete(name)
  }
}
