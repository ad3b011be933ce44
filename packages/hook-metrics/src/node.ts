export { type Journal, journal } from './journal.ts'
export { type ProgressBarOptions, progressBar } from './progress-bar.ts'
export { readJournal } from './read-journal.ts'
export type { Terminal } from './terminal.ts'
