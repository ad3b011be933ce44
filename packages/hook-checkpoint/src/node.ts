export { folder } from './node/folder.ts'
