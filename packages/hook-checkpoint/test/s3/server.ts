import crypto, { type CipherKey } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import S3rver from '@20minutes/s3rver'
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'

replaceDes()

/** A real S3 server on this machine, which keeps a bucket in a temporary folder. */
export class S3Server {
  readonly bucket = 'checkpoints'
  /** The requests so far: `PUT /checkpoints/step-1/manifest.json`. */
  readonly requests: string[] = []
  /** What becomes of a request before the server sees it: a status is the answer. */
  refuse: (request: string) => number | undefined = () => undefined
  private port = 0
  private readonly clients: S3Client[] = []
  private readonly folder: string
  private readonly server: S3rver

  private readonly broken = new Map<string, number>()

  private constructor(folder: string, server: S3rver) {
    this.folder = folder
    this.server = server
  }

  /** @param conditional whether it knows conditional writes, as Amazon's does since 2024. */
  static async start({ conditional = true } = {}): Promise<S3Server> {
    const directory = await mkdtemp(join(tmpdir(), 'hookstep-s3-'))
    const configureBuckets = [{ name: 'checkpoints' }]
    const server = new S3rver({
      address: '127.0.0.1',
      port: 0,
      silent: true,
      directory,
      configureBuckets,
      // It computes other signatures than the current client does.
      allowMismatchedSignatures: true,
    })
    if (conditional) knowConditions(server)
    const started = new S3Server(directory, server)
    started.watch()
    started.port = (await server.run()).port
    return started
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.destroy()
    await this.server.close()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Breaks off the next so many answers to a request, in the middle. */
  breakOff(request: string, times: number): void {
    this.broken.set(request, times)
  }

  async put(key: string, text: string): Promise<void> {
    await this.client.send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: text }))
  }

  has(key: string): Promise<boolean> {
    return this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key })).then(
      () => true,
      () => false,
    )
  }

  /** A client that asks for shorter lists. */
  clientWithPagesOf(count: number): S3Client {
    const client = this.newClient()
    client.middlewareStack.add(
      (next) => (args) => next({ ...args, input: { ...args.input, MaxKeys: count } }),
      { step: 'initialize' },
    )
    return client
  }

  get client(): S3Client {
    return this.clients[0] ?? this.newClient()
  }

  private newClient(): S3Client {
    const client = new S3Client({
      endpoint: `http://127.0.0.1:${this.port}`,
      forcePathStyle: true,
      region: 'us-east-1',
      credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    })
    this.clients.push(client)
    return client
  }

  private watch(): void {
    this.server.middleware.unshift(async (context, next) => {
      const request = `${context.method} ${decodeURIComponent(context.path)}`
      this.requests.push(request)
      const status = this.refuse(request)
      if (status !== undefined) return answer(context, status, 'Refused')
      await next()
      this.breakOffIfDue(request, context)
    })
  }

  private breakOffIfDue(request: string, context: Context): void {
    const times = this.broken.get(request) ?? 0
    if (times === 0) return
    this.broken.set(request, times - 1)
    context.respond = false
    context.res.writeHead(context.status, { 'content-length': 1000 })
    context.res.write('the first bytes', () => context.res.destroy())
  }
}

type Context = Parameters<S3rver['middleware'][number]>[0]

/**
 * The server has no conditional writes yet: what it lacks stands here, one put at a time. The rest of S3's language,
 * and every byte, is its own.
 */
function knowConditions(server: S3rver): void {
  let before: Promise<void> = Promise.resolve()
  server.middleware.unshift(async (context, next) => {
    if (context.method !== 'PUT') return next()
    const here = before.then(() => putIf(context, next))
    before = here.catch(() => {})
    return here
  })
}

async function putIf(context: Context, next: () => Promise<void>): Promise<void> {
  const { 'if-none-match': unless, 'if-match': wanted } = context.headers
  if (unless === undefined && wanted === undefined) return next()
  const etag = await etagOf(context)
  if (unless === '*' && etag !== undefined) return answer(context, 412, 'PreconditionFailed')
  if (wanted !== undefined && etag === undefined) return answer(context, 404, 'NoSuchKey')
  if (wanted !== undefined && etag !== wanted) return answer(context, 412, 'PreconditionFailed')
  return next()
}

async function etagOf({ path, store }: Context): Promise<string | undefined> {
  const [, bucket = '', ...key] = decodeURIComponent(path).split('/')
  const object = await store.getObject(bucket, key.join('/'))
  object?.content.destroy()
  return object?.metadata.etag
}

function answer(context: Context, status: number, code: string): void {
  context.status = status
  context.type = 'application/xml'
  context.body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`
}

/**
 * The server enciphers where a list goes on with DES, which OpenSSL 3 has put away. Triple DES with one key three
 * times is the same.
 */
function replaceDes(): void {
  for (const name of ['createCipheriv', 'createDecipheriv'] as const) {
    const original = crypto[name] as (cipher: string, key: CipherKey, iv: Buffer) => unknown
    const replaced: typeof original = (cipher, key, iv) =>
      cipher === 'des'
        ? original('des-ede3-cbc', Buffer.concat(Array(3).fill(key)), iv)
        : original(cipher, key, iv)
    Object.assign(crypto, { [name]: replaced })
  }
}
