import type { IncomingMessage } from 'node:http'

/** Names of this machine. The port is left open: that of a tunnel is another. */
const ownHost = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i

/**
 * What is wrong with a request, if anything. A page of another site that has its own name lead here (DNS
 * rebinding) still says that name as the host.
 */
export function refusalOf({
  method,
  headers,
}: IncomingMessage): { status: 403 | 405; why: string } | undefined {
  if (!ownHost.test(headers.host ?? '')) {
    return { status: 403, why: 'This page is for 127.0.0.1 and localhost: open it by one of these names.\n' }
  }
  if (method !== 'GET') return { status: 405, why: 'There is nothing here but to be read: GET.\n' }
  return undefined
}

/** Nothing from elsewhere, nothing written within the page itself, and no frame around it. */
export const safeHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}
