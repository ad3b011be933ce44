import type { RunFolder } from './run-folder.ts'
import type { Surroundings } from './settings.ts'
import type { StartUpload } from './uploader.ts'

/** What Node and a browser do each in its own way. */
export interface Platform {
  surroundings(): Promise<Surroundings>
  /** The machine's name. */
  readonly host: string | undefined
  /** The folder of a path, with slashes, from `dir` on. */
  folder(dir: string | undefined, path: string): RunFolder
  /** Makes the folder where logs lie. @throws Error where it never can be written, naming it and the remedy. */
  prepare(dir: string | undefined): Promise<void>
  /** Calls back for each line that is written to the process's outputs. @returns ends it. */
  readonly captureConsole?: (take: (stream: 'stdout' | 'stderr', line: string) => void) => () => void
  /** What the website shows of the machine, as `wandb-metadata.json` of the official client has it. */
  metadata(): object
  readonly startUpload: StartUpload
  /** How somebody sends later what lies in a folder. */
  readonly howToSync: (location: string) => string
  /** Tells the user where the run is. */
  print(line: string): void
}
