export { journal } from './journal.ts';
export { progressBar } from './progress-bar.ts';
export { readJournal } from './read-journal.ts';
