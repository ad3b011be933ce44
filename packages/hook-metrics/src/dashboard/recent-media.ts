import type { KeptMedia, MediaRow } from '../rows.ts'
import type { MediaItem } from './protocol.ts'

/** Of each name, so many of the latest. */
const keptOfName = 50
/** Of all together, in characters: the oldest go first. */
const keptCharacters = 32 * 1024 * 1024

/** What there is to look at in a run, in bounded memory. */
export class RecentMedia {
  private kept: readonly MediaItem[] = []
  private count = 0
  private times = 0

  /** The oldest first. */
  get items(): readonly MediaItem[] {
    return this.kept
  }

  /** How often a run that goes on has taken some back. */
  get revision(): number {
    return this.times
  }

  add({ name, step, media }: MediaRow): void {
    this.count++
    const ofName = this.kept.filter((item) => item.name === name)
    const surplus = ofName.length >= keptOfName ? ofName[0] : undefined
    const rest = this.kept.filter((item) => item !== surplus)
    this.kept = newest([...rest, { number: this.count, name, step, media }])
  }

  dropAfter(step: number): void {
    if (this.kept.every((item) => item.step <= step)) return
    this.kept = this.kept.filter((item) => item.step <= step)
    this.times++
  }
}

/** As many of the last as there is room for; the very last in any case. */
function newest(items: readonly MediaItem[]): readonly MediaItem[] {
  let characters = 0
  const first = items.findLastIndex(({ media }) => {
    characters += sizeOf(media)
    return characters > keptCharacters
  })
  return items.slice(Math.min(first + 1, items.length - 1))
}

/** Nearly, in characters. */
function sizeOf(media: KeptMedia): number {
  switch (media.kind) {
    case 'image':
      return media.png.length
    case 'text':
      return media.text.length
    case 'histogram':
      return 20 * (media.edges.length + media.counts.length)
    case 'table':
      return media.rows.flat().reduce<number>((sum, cell) => sum + String(cell).length + 4, 0)
  }
}
