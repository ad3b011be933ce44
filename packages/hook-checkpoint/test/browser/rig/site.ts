import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const html = '<!doctype html><meta charset="utf-8"><title>Hookstep</title>'

/**
 * A site of modules, on a port of this machine alone: `/` is an empty page, `/<name>.js` the module of that name,
 * bundled from our sources. What a module does is called by {@link Tab}.
 */
export class Site {
  private readonly server: Server

  private constructor(server: Server) {
    this.server = server
  }

  /** @param origin a name: to the browser each is a site of its own, with its own storage and room. */
  url(origin = 'site'): string {
    return `http://${origin}.localhost:${(this.server.address() as AddressInfo).port}`
  }

  /** @param modules names, and where their sources are. */
  static async of(modules: Readonly<Record<string, URL>>): Promise<Site> {
    const files = await bundle({ ...modules, worker: new URL('worker.ts', import.meta.url) })
    const server = createServer((request, response) => {
      const script = files.get(request.url ?? '')
      const isThere = request.url === '/' || script !== undefined
      response.writeHead(isThere ? 200 : 404, { 'content-type': script ? 'text/javascript' : 'text/html' })
      response.end(script ?? html)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Site(server)
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

/** The modules, and what they share, by the paths that they are asked for. */
async function bundle(modules: Readonly<Record<string, URL>>): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: Object.fromEntries(Object.entries(modules).map(([name, url]) => [name, fileURLToPath(url)])),
    bundle: true,
    splitting: true,
    write: false,
    outdir: '/',
    format: 'esm',
    target: 'es2022',
    conditions: ['hookstep:source'],
    logLevel: 'error',
  })
  return new Map(
    outputFiles.map(({ path, text }) => [path.replaceAll('\\', '/').replace(/^[A-Z]:/i, ''), text]),
  )
}
