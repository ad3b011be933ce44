import { expect, it } from 'vitest'
import { backends, chooseBackend } from '../src/backends.ts'
import { taskOf } from '../src/model.ts'

it('names the package of a backend that is not installed, and the backends that are there', async () => {
  const absent = 'hookstep-backend-that-nobody-installed'
  const table = { ...backends, abacus: () => import(absent) }
  await expect(chooseBackend('abacus', taskOf('mlp', 'adam'), table)).rejects.toThrow(
    `--backend abacus: ${absent} is not installed (npm install ${absent}); there are wasm, cpu, abacus`,
  )
})
