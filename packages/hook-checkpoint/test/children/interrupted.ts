import { folder } from '../../src/node/folder.ts'

/** Begins to save in the folder named, as its run where told so, and waits to be killed. */
const [, , path, takes] = process.argv
const store = folder(path as string)
if (takes === 'takes') await store.acquire()
const writer = await store.create('step-00000001')
await writer.write('parameters.safetensors', [new Uint8Array(1000)])
console.log('waiting')
setInterval(() => {}, 1000)
