import type { Hook, Run } from '@hookstep/catalogue'
import { moments } from './moments.ts'
import { type Control, overriddenMethods, type TrainerCallback } from './trainer-callback.ts'

/** One callback as a hook, so that it can be given policies: it subscribes to what it overrides, nothing else. */
export function callbackHook(name: string, callback: TrainerCallback): Hook {
  return {
    name,
    setup(run) {
      const control = controlOf(name, run)
      for (const method of overriddenMethods(callback)) {
        run.subscribe(moments[method].event, (context) => callback[method]?.(context, control))
      }
      if (callback.saveState === undefined) return
      run.persist({
        version: 1,
        save: () => callback.saveState?.() ?? null,
        load: (state) => callback.loadState?.(state),
      })
    },
  }
}

/** Who asks is told with the reason: to the run, all callbacks are one hook. */
function controlOf(name: string, run: Run): Control {
  const told = (reason: string): string => `${name}: ${reason}`
  return Object.freeze({
    stop: (reason: string) => run.stop(told(reason)),
    save: (reason: string) => run.save(told(reason)),
    evaluate: (reason: string) => run.evaluate(told(reason)),
    log: () => run.log(),
  })
}
