import type { Media, MediaContext } from '@hookstep/catalogue'
import { encodePng } from './png.ts'
import { type KeptMedia, type MediaRow, position } from './rows.ts'

export function mediaRow({ step, progress, name, media }: MediaContext): MediaRow {
  return { type: 'media', ...position(progress), step, name, media: kept(media) }
}

function kept(media: Media): KeptMedia {
  if (media.kind !== 'image') return media
  const { kind, width, height } = media
  return { kind, width, height, png: Buffer.from(encodePng(media)).toString('base64') }
}
