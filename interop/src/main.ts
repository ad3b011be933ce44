/** Runs every check, and says what was read as it was written, what was not, and what could not be tried. */
import { type Check, Mismatch } from './check.ts'
import { mlflowServer } from './mlflow.ts'
import { type Python, preparePython, Unavailable } from './python.ts'
import { safetensors } from './safetensors.ts'
import { tensorboard } from './tensorboard.ts'
import { wandb } from './wandb.ts'

const checks: readonly Check[] = [safetensors, wandb, tensorboard, mlflowServer]
const exitCodes = { read: 0, differs: 1, skipped: 3 } as const

process.exitCode = await main()

async function main(): Promise<number> {
  try {
    return await runAll(await preparePython())
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    console.error(`SKIPPED, NOTHING WAS CHECKED: ${error.message}`)
    return exitCodes.skipped
  }
}

async function runAll(python: Python): Promise<number> {
  let exitCode: number = exitCodes.read
  for (const { name, run } of checks) {
    try {
      console.log(`read    ${name}: ${await run(python)}`)
    } catch (error) {
      const outcome = outcomeOf(error)
      console.log(`${outcome === 'differs' ? 'DIFFERS' : 'SKIPPED'} ${name}: ${(error as Error).message}`)
      // That something differs is not hidden by what could not be tried.
      if (exitCode !== exitCodes.differs) exitCode = exitCodes[outcome]
    }
  }
  return exitCode
}

function outcomeOf(error: unknown): 'differs' | 'skipped' {
  if (error instanceof Mismatch) return 'differs'
  if (error instanceof Unavailable) return 'skipped'
  throw error
}
