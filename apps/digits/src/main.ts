import { app } from './app.ts'

process.exitCode = await app(process.argv.slice(2))
