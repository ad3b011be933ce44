/** The command, as somebody types it. Says that it runs. */
import { command } from '../../src/command/command.ts'

console.log('syncing')
process.exitCode = await command(['sync', ...process.argv.slice(2)], console.log, console.error)
