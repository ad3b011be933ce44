import { describe } from 'vitest'
import { placesOf, setTheStage, testCells } from './matrix.ts'
import { subjects } from './subjects.ts'

setTheStage()

describe.each(Object.entries(subjects))('%s', async (_, subject) => {
  for (const place of await placesOf(subject)) testCells(subject, place)
})
