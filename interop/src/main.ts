/** Runs every check, and says what was read as it was written, what was not, and what could not be tried. */
import { type Check, Mismatch } from './check.ts'
import { type Python, preparePython, Unavailable } from './python.ts'
import { safetensors } from './safetensors.ts'
import { tensorboard } from './tensorboard.ts'
import { wandb } from './wandb.ts'

const checks: readonly Check[] = [safetensors, wandb, tensorboard]
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
      if (!(error instanceof Mismatch)) throw error
      console.log(`DIFFERS ${name}: ${error.message}`)
      exitCode = exitCodes.differs
    }
  }
  return exitCode
}
