export { browserStore } from './browser/browser-store.ts'
export { indexedDbStore } from './browser/indexed-db-store.ts'
export { opfsStore } from './browser/opfs-store.ts'
