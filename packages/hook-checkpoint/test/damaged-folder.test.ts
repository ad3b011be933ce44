import { open, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { random } from '@hookstep/trainer'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { CheckpointError } from '../src/checkpoint-error.ts'
import { folder } from '../src/node/folder.ts'
import { readCheckpoint } from '../src/reading.ts'
import { type Damage, drawDamage, flipped, structuralDamages } from './damage/damages.ts'
import { reformatted, sealedEdits, unsealedEdits } from './damage/manifests.ts'
import { contentsOf, newest, Origin, resumed } from './damage/place.ts'

/** How many damages are drawn. More with HOOKSTEP_DAMAGES=10000, and the same again with HOOKSTEP_SEED. */
const drawnDamages = Number(process.env.HOOKSTEP_DAMAGES ?? 100)
const seed = Number(process.env.HOOKSTEP_SEED ?? Date.now() % 1_000_000)

let origin: Origin
let contents: ReadonlyMap<string, Buffer>
const counts: string[] = []

beforeAll(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  origin = await Origin.make()
  contents = await contentsOf(join(await origin.copy(), newest))
})

afterAll(async () => {
  await origin.remove()
  console.log(`damaged checkpoints, seed ${seed} (HOOKSTEP_SEED=${seed}):\n  ${counts.join('\n  ')}`)
})

test('undamaged, the newest is used, and the run ends as the one that nobody interrupted', async () => {
  const learned = origin.learned
  expect(await resumed(await origin.copy())).toEqual({ from: 9, refused: [], reasons: [], learned })
})

describe('a run goes on from the newest that is whole, and says what it refused', () => {
  test('where files and folders are not as they were', { timeout: 60_000 }, async () => {
    await allFound('files and folders changed', structuralDamages([...contents.keys()]))
  })

  test('where a manifest was edited, with a new hash of itself or without', { timeout: 60_000 }, async () => {
    const text = String(contents.get('manifest.json'))
    await allFound('manifests edited', unsealedEdits(text))
    await allFound('manifests edited, with a new hash', sealedEdits(text))
    await allFound('manifests in another form', reformatted(text))
  })

  test('wherever bytes were changed', { timeout: 60_000 + drawnDamages * 100 }, async () => {
    const stream = random(seed, 'damages')
    await allFound(
      'bytes changed, drawn',
      Array.from({ length: drawnDamages }, () => drawDamage(contents, stream)),
    )
  })
})

describe('it is refused', () => {
  test('cut short at any byte of a manifest, a state or a header, and anywhere behind', {
    timeout: 60_000,
  }, async () => {
    const stream = random(seed, 'cuts')
    await allRefused('cut short', async function* (path, content) {
      for (let left = content.length - 1; left >= textLength(path, content); left -= 1 + stream.below(40)) {
        yield truncate(path, left)
      }
      for (let left = textLength(path, content) - 1; left >= 0; left--) yield truncate(path, left)
    })
  })

  test('with a bit flipped in any byte of a manifest, a state or a header', { timeout: 60_000 }, async () => {
    const stream = random(seed, 'bits')
    await allRefused('with a bit flipped', async function* (path, content) {
      const file = await open(path, 'r+')
      for (let place = 0; place < textLength(path, content); place++) {
        await file.write(flipped(content, [place], stream), place, 1, place)
        yield
        await file.write(content, place, 1, place)
      }
      await file.close()
    })
  })
})

/** Does each to a folder of its own, in which a run goes on. */
async function allFound(kind: string, damages: readonly Damage[]): Promise<void> {
  const missed: object[] = []
  for (const damage of damages) {
    const found = await outcome(damage)
    const expected = { refused: damage.refused ?? [newest], from: damage.from ?? 8, bits: 'the same' }
    if (JSON.stringify(found) !== JSON.stringify(expected)) missed.push({ ...damage, expected, found })
  }
  counts.push(`${damages.length - missed.length} of ${damages.length} ${kind}: found, the run went on`)
  expect(missed).toEqual([])
}

async function outcome({ apply }: Damage): Promise<object | string> {
  const path = await origin.copy()
  await apply(path)
  try {
    const { refused, from, reasons, learned } = await resumed(path)
    if (reasons.some((reason) => reason === '')) return 'refused without a reason'
    return { refused, from, bits: isEqual(learned, origin.learned) ? 'the same' : 'others' }
  } catch (error) {
    return `the run failed: ${(error as Error).message}`
  }
}

function isEqual(one: unknown, other: unknown): boolean {
  try {
    expect(one).toEqual(other)
    return true
  } catch {
    return false
  }
}

/** Whatever is done to any file of the newest, one thing after another. */
async function allRefused(
  how: string,
  damages: (path: string, content: Buffer) => AsyncIterable<unknown>,
): Promise<void> {
  const path = await origin.copy()
  const store = folder(path)
  const survived: string[] = []
  let tried = 0
  for (const [file, content] of contents) {
    const target = join(path, newest, file)
    for await (const _ of damages(target, content)) {
      tried++
      const error: unknown = await readCheckpoint(store, newest).catch((error: unknown) => error)
      if (!(error instanceof CheckpointError && error.reason !== ''))
        survived.push(`${file}, number ${tried}`)
    }
    await writeFile(target, content)
  }
  counts.push(`${tried - survived.length} of ${tried} ${how}: refused`)
  expect(survived).toEqual([])
}

/** Of a safetensors file the header, of another all. */
function textLength(path: string, content: Buffer): number {
  return path.endsWith('.safetensors') ? 8 + Number(content.readBigUInt64LE(0)) : content.length
}
