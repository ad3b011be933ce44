const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const restorers = new Set<() => void>()

/**
 * Calls back should the process end before that is forgotten: by `process.exit`, by an error that nobody
 * caught or by a signal that nobody handles.
 *
 * @returns forgets it.
 */
export function onProcessEnd(restore: () => void): () => void {
  if (restorers.size === 0) listen()
  restorers.add(restore)
  return () => {
    restorers.delete(restore)
    if (restorers.size === 0) stopListening()
  }
}

/** First in line for signals, where everybody else who listens can still be counted. */
function listen(): void {
  process.on('exit', restoreAll)
  for (const signal of signals) process.prependListener(signal, endBySignal)
}

function stopListening(): void {
  process.off('exit', restoreAll)
  for (const signal of signals) process.off(signal, endBySignal)
}

function restoreAll(): void {
  for (const restore of [...restorers]) restore()
}

/** What a signal does is for others to say. Where nobody does, it ends the process, as it would without us. */
function endBySignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return
  restoreAll()
  restorers.clear()
  stopListening()
  process.kill(process.pid, signal)
}
