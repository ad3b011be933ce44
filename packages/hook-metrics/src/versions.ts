import { createRequire } from 'node:module'

/** Of what a run was made with: Hookstep, whose packages share one version, and Node. */
export function versions(): Record<string, string> {
  const hookstep = ownVersion()
  return { ...(hookstep === undefined ? {} : { hookstep }), node: process.versions.node }
}

/** Unknown where this module was bundled into another package. */
function ownVersion(): string | undefined {
  try {
    const { name, version } = createRequire(import.meta.url)('../package.json') as Record<string, string>
    return name === '@hookstep/hook-metrics' ? version : undefined
  } catch {
    return undefined
  }
}
