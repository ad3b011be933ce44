import { type Bucket, type Condition, statusOf } from './bucket.ts'

/** Where a lease is kept, and for how long. */
export interface LeasePlace {
  readonly bucket: Bucket
  /** Of the object that stands for the lease. */
  readonly key: string
  /** What is kept, for messages. */
  readonly location: string
  readonly seconds: number
}

/** What the object holds. */
interface Holder {
  /** Drawn anew for each lease. */
  readonly id: string
  /** Who has it, for people. */
  readonly holder: string
  /** How often it was renewed: so that each renewal has another ETag. */
  readonly renewed: number
}

interface Held {
  readonly content: Holder
  readonly etag: string
}

const renewalsPerLease = 4
const looksPerLease = 8

/**
 * Keeps a place in a bucket for one run, by an object that the run renews while it is alive. One that nobody has
 * renewed for a whole lease is taken over; who waits for that counts looks at it, and compares no clocks.
 * It rests on S3's conditional writes
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
 */
export class Lease {
  private readonly place: LeasePlace
  private held: Held
  private timer: ReturnType<typeof setTimeout> | undefined
  /** The latest renewal: they come one behind the other. */
  private renewal: Promise<void> = Promise.resolve()
  private isLost = false
  private isReleased = false

  private constructor(place: LeasePlace, held: Held) {
    this.place = place
    this.held = held
  }

  /**
   * Takes the place. Where another run has it, that takes until it is renewed, or a lease long.
   *
   * @throws Error when a run that is alive has it, saying which; when the server has no conditional writes.
   */
  static async take(place: LeasePlace): Promise<Lease> {
    const content: Holder = { id: crypto.randomUUID(), holder: whoThisIs(), renewed: 0 }
    for (;;) {
      const other = await find(place)
      const condition = other === undefined ? ({ IfNoneMatch: '*' } as const) : { IfMatch: other.etag }
      if (other !== undefined) await silence(place, other)
      const etag = await putIf(place, content, condition)
      if (etag === undefined) continue
      await checkConditions(place, content)
      const lease = new Lease(place, { content, etag })
      lease.keep()
      return lease
    }
  }

  /** @throws Error where the lease was taken over, or cannot be renewed now. */
  confirm(): Promise<void> {
    const confirmed = this.renewal.then(() => this.renew())
    this.renewal = confirmed.catch(() => {})
    return confirmed
  }

  /** Gives the place back, where this still has it. */
  async release(): Promise<void> {
    this.isReleased = true
    clearTimeout(this.timer)
    const isHeld = await this.confirm().then(
      () => true,
      () => false,
    )
    if (isHeld) await this.place.bucket.remove(this.place.key)
  }

  /**
   * Renews it some time later, and so on. What cannot be renewed now, because the server is out of reach, may
   * be next time: only a commit insists.
   */
  private keep(): void {
    if (this.isReleased) return
    const again = (): void => this.keep()
    const renew = (): void => void this.confirm().then(again, again)
    this.timer = setTimeout(renew, (this.place.seconds * 1000) / renewalsPerLease)
    // Node need not stay alive for it.
    ;(this.timer as { unref?(): void }).unref?.()
  }

  private async renew(): Promise<void> {
    if (this.isLost) throw takenOver(this.place)
    const content = { ...this.held.content, renewed: this.held.content.renewed + 1 }
    const etag = await putIf(this.place, content, { IfMatch: this.held.etag })
    this.isLost = etag === undefined
    if (etag === undefined) throw takenOver(this.place)
    this.held = { content, etag }
  }
}

/** Resolves once a lease has gone by without a change, or the lease is given back. @throws Error on a sign of life. */
async function silence(place: LeasePlace, other: Held): Promise<void> {
  for (let looks = 0; looks < looksPerLease; looks++) {
    await pause((place.seconds * 1000) / looksPerLease)
    const now = await find(place)
    if (now === undefined) return
    if (now.etag !== other.etag) throw taken(place, now.content)
  }
}

async function find({ bucket, key }: LeasePlace): Promise<Held | undefined> {
  try {
    const { bytes, etag } = await bucket.get(key)
    return { content: parseHolder(bytes), etag }
  } catch (error) {
    if (statusOf(error) === 404) return
    throw error
  }
}

/** Whoever else has written there counts as a holder, too. */
function parseHolder(bytes: Uint8Array): Holder {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return { id: '', holder: 'another program', renewed: 0 }
  }
}

/**
 * @returns the ETag; none where the condition does not hold. A put whose answer was lost is repeated by the client and
 * then meets its own first attempt, which counts.
 */
async function putIf(place: LeasePlace, content: Holder, condition: Condition): Promise<string | undefined> {
  try {
    return await place.bucket.put(place.key, new TextEncoder().encode(JSON.stringify(content)), condition)
  } catch (error) {
    if (statusOf(error) === 501) throw noConditions(place, error)
    if (![404, 409, 412].includes(statusOf(error) ?? 0)) throw error
  }
  const there = await find(place)
  const isOurs = there?.content.id === content.id && there.content.renewed === content.renewed
  return isOurs ? there.etag : undefined
}

/** A server that ignores conditions would let every run in. @throws Error on such a one, and leaves no lease. */
async function checkConditions(place: LeasePlace, content: Holder): Promise<void> {
  const other = { ...content, id: '', renewed: -1 }
  for (const unmet of [{ IfNoneMatch: '*' }, { IfMatch: '"00000000000000000000000000000000"' }] as const) {
    if ((await putIf(place, other, unmet)) === undefined) continue
    await place.bucket.remove(place.key)
    throw noConditions(place)
  }
}

function taken({ location }: LeasePlace, { holder }: Holder): Error {
  return new Error(
    `${location}: another run saves here, ${holder}. Stop it, or give this one a prefix of its own`,
  )
}

function takenOver({ location, seconds }: LeasePlace): Error {
  return new Error(
    `${location}: another run has taken the place over, because this one gave no sign of life for ${seconds} seconds`,
  )
}

function noConditions({ location }: LeasePlace, cause?: unknown): Error {
  return new Error(
    `${location}: the server has no conditional writes, by which two runs are kept apart. ` +
      'Where nothing else will save there, s3Store({ …, exclusive: false }) goes without',
    { cause },
  )
}

function whoThisIs(): string {
  const { process } = globalThis as { process?: { pid?: number; env?: Record<string, string | undefined> } }
  const host = process?.env?.HOSTNAME ?? process?.env?.COMPUTERNAME
  const who = process?.pid === undefined ? 'a page' : `process ${process.pid}${host ? ` on ${host}` : ''}`
  return `${who}, since ${new Date().toISOString()}`
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
