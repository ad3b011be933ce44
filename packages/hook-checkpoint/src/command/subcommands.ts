import { diff } from './diff.ts'
import { exporting } from './exporting.ts'
import { list } from './list.ts'
import { pin, unpin } from './pin.ts'
import type { Subcommand } from './subcommand.ts'
import { verify } from './verify.ts'

export const subcommands: Readonly<Record<string, Subcommand>> = {
  list,
  verify,
  diff,
  export: exporting,
  pin,
  unpin,
}
