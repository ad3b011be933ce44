import { createRequire } from 'node:module';
/** Of what a run was made with: Hookstep, whose packages share one version, and Node. */
export function versions() {
    const hookstep = ownVersion();
    return { ...(hookstep === undefined ? {} : { hookstep }), node: process.versions.node };
}
/** Unknown where this module was bundled into another package. */
function ownVersion() {
    try {
        const { name, version } = createRequire(import.meta.url)('../package.json');
        return name === '@hookstep/hook-metrics' ? version : undefined;
    }
    catch {
        return undefined;
    }
}
