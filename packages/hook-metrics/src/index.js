export { consoleLines } from './console-lines.ts';
export { history } from './history.ts';
export { parseJournal } from './journal-format.ts';
