#!/usr/bin/env node
import { command } from './command/command.ts'

const { exitCode, until } = await command(process.argv.slice(2), console.log, console.error)
process.exitCode = exitCode
// A page stays until somebody ends it.
if (until !== undefined) for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, until)
