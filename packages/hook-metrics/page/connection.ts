import type { Update } from '../src/dashboard/protocol.ts'

export type ConnectionState = 'connecting' | 'open' | 'lost'

/** Listens to what the server tells, and connects again when it is gone: the next run may be where this one was. */
export function connect(apply: (update: Update) => void, tell: (state: ConnectionState) => void): void {
  const events = new EventSource('/events')
  events.onopen = () => tell('open')
  events.onmessage = ({ data }) => apply(JSON.parse(data) as Update)
  events.onerror = () => {
    tell('lost')
    // The browser gives up where the answer was an error; otherwise it tries again by itself.
    if (events.readyState !== EventSource.CLOSED) return
    setTimeout(() => connect(apply, tell), 2000)
  }
}
