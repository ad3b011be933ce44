/** What is used of it: it comes without types. */
declare module '@20minutes/s3rver' {
  import type { IncomingHttpHeaders, ServerResponse } from 'node:http'

  interface Context {
    readonly method: string
    readonly headers: IncomingHttpHeaders
    readonly params: { readonly bucket: string; readonly key?: string }
    readonly path: string
    readonly store: {
      getObject(
        bucket: string,
        key: string,
      ): Promise<{ metadata: { etag: string }; content: { destroy(): void } } | null>
    }
    readonly res: ServerResponse
    /** Whether it answers itself. */
    respond: boolean
    status: number
    type: string
    body: string
  }

  export default class S3rver {
    constructor(options: {
      address: string
      port: number
      silent: boolean
      directory: string
      allowMismatchedSignatures: boolean
      configureBuckets: { name: string }[]
    })
    readonly middleware: ((context: Context, next: () => Promise<void>) => Promise<void>)[]
    run(): Promise<{ port: number }>
    close(): Promise<void>
  }
}
