import type { ContractCase } from './contract.ts'
import { ending } from './hook-contract/ending.ts'
import { following } from './hook-contract/following.ts'
import { keeping } from './hook-contract/keeping.ts'
import type { HookSubject } from './hook-contract/rehearsal.ts'

/**
 * What a run relies on in a hook, one case for each promise. Each trains for a few steps on
 * {@link plainBackend}. While a case runs, the global timer functions are watched: don't run cases of one
 * process at the same time.
 *
 * ```ts
 * for (const { name, run } of hookContract({ hook: () => recordTrace() })) test(name, run)
 * ```
 */
export function hookContract(subject: HookSubject): readonly ContractCase[] {
  const promises = { ...following, ...ending, ...keeping }
  return Object.entries(promises).map(([name, show]) => ({ name, run: () => show(subject) }))
}
