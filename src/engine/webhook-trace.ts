import { randomBytes } from 'node:crypto'

/** The place of one attempt in its message's trace, by which a receiver's traces and our log find each other. */
export interface AttemptTrace {
  readonly traceId: string
  readonly spanId: string
}

/** All attempts at a message are one trace, whose id is in the message's: no row has to keep it. Each is a span of its own. */
export function traceOfAttempt(messageId: string): AttemptTrace {
  const [, digits] = /^msg_([0-9a-f]{32})$/.exec(messageId) ?? []
  return { traceId: digits ?? randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') }
}

/** What the receiver is told of it: W3C Trace Context, version 00, sampled. */
export const traceparent = ({ traceId, spanId }: AttemptTrace): string => `00-${traceId}-${spanId}-01`
