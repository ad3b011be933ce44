#!/usr/bin/env node
import { command } from './command/command.ts'

process.exitCode = await command(process.argv.slice(2), console.log, console.error)
