import { catalogueEvents } from '@hookstep/testing'
import { describe, expect, test } from 'vitest'
import { eventsPage } from '../src/reference/page.ts'
import { documentedContexts, documentedEvents } from '../src/reference/sources.ts'

describe('the reference of events', () => {
  test('has every event of the catalogue', () => {
    const documented = documentedEvents().flatMap(({ ids }) => ids)
    expect(documented.toSorted()).toEqual([...catalogueEvents().keys()].toSorted())
  })

  test('says something about each', () => {
    const silent = documentedEvents().filter(({ text }) => text === '')
    expect(
      silent.map(({ ids }) => `${ids.join(', ')}: write a doc comment in packages/catalogue/src`),
    ).toEqual([])
  })

  test('has the contexts of all events', () => {
    const known = new Set(documentedContexts().map(({ name }) => name))
    const used = documentedEvents().flatMap(({ contexts }) => contexts)
    expect(used.filter((name) => !known.has(name))).toEqual([])
  })

  test('is what is committed', async () => {
    const outdated = 'run `npx vitest run --project docs reference -u` and commit docs/reference/events.md'
    await expect(await eventsPage(), outdated).toMatchFileSnapshot('../reference/events.md')
  })
})
