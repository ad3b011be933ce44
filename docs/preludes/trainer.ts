/** What the doc comments of trainer take for granted. */
import type { Hook, RunState } from '@hookstep/catalogue'
import type { Backend, Dataset } from '@hookstep/trainer'

export declare const task: unknown
export declare function wasm(task: unknown): Backend
export declare function progressBar(): Hook
export declare const data: Dataset
export declare const state: RunState
export declare function writeFile(path: string, text: string): Promise<void>
