/** Calls functions of the site's modules in a dedicated Worker: what {@link Tab} says in a message. */

interface Call {
  readonly id: number
  readonly module: string
  readonly name: string
  readonly values: readonly unknown[]
}

self.onmessage = async ({ data }: MessageEvent<Call>) => {
  const { id, module, name, values } = data
  try {
    const exported = await import(module)
    self.postMessage({ id, value: await exported[name](...values) })
  } catch (error) {
    self.postMessage({ id, error: error instanceof Error ? error.message : String(error) })
  }
}
