/** The part of WebAssembly's interface that is used here: the standard library types it with the DOM only. */
export interface WebAssemblyInterface {
  validate(bytes: Uint8Array): boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: { env: { memory: Memory } },
  ) => { readonly exports: Readonly<Record<string, unknown>> }
  readonly Memory: new (limits: { initial: number; maximum?: number; shared?: boolean }) => Memory
}

export interface Memory {
  readonly buffer: ArrayBufferLike
}

/** There on every platform that Hookstep runs on. */
export const webAssembly: WebAssemblyInterface = (
  globalThis as unknown as { WebAssembly: WebAssemblyInterface }
).WebAssembly
