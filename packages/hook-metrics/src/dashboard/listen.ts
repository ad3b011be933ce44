import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where the page is when no port is asked for: the same from run to run, so that a page that is open finds the next. */
const usualPort = 6070
/** So many ports from there on are tried before any at all is taken. */
const tries = 20

/**
 * Listens on this machine alone.
 *
 * @param port 0 for any that is free; without it, the usual one or the next that is free.
 * @returns the port.
 * @throws Error where the port that was named is taken, or may not be listened on.
 */
export async function listen(server: Server, port: number | undefined): Promise<number> {
  if (port !== undefined) return listenOn(server, port).catch((cause) => refuse(port, cause))
  for (let candidate = usualPort; candidate < usualPort + tries; candidate++) {
    try {
      return await listenOn(server, candidate)
    } catch {
      // The next may be free.
    }
  }
  return await listenOn(server, 0)
}

async function listenOn(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function refuse(port: number, cause: NodeJS.ErrnoException): never {
  const why = cause.code === 'EADDRINUSE' ? 'is taken' : `cannot be listened on (${cause.message})`
  throw new Error(`the live page: port ${port} ${why}; name another, or none for the next that is free`, {
    cause,
  })
}
