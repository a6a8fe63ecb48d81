import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** A request's place in a trace that somebody else began (W3C Trace Context). */
export interface Trace {
  readonly traceId: string
  /** The caller's span. */
  readonly parentId: string
  readonly isSampled: boolean
}

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const FORBIDDEN = 'ff'
const ZEROS = /^0+$/

/** What `traceparent` says; `undefined` where there is none, or none that is valid: then the trace begins elsewhere, and is not ours to mend. */
export function traceOf({ headers }: Pick<IncomingMessage, 'headers'>): Trace | undefined {
  const given = headers.traceparent
  if (typeof given !== 'string') return undefined
  const [, version, traceId = '', parentId = '', flags = '', more] = FORM.exec(given) ?? []
  if (version === undefined || version === FORBIDDEN || (version === '00' && more !== undefined)) return undefined
  if (ZEROS.test(traceId) || ZEROS.test(parentId)) return undefined
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** A new span's id. */
export const newSpanId = (): string => randomBytes(8).toString('hex')
