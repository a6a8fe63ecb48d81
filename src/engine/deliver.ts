import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { getCACertificates } from 'node:tls'
import { HoldfastError } from '../model/errors.ts'
import { addressesOf, pinned, systemLookup } from '../source/addresses.ts'
import { codeOf } from '../source/refuse.ts'
import type { Lookup } from '../source/source.ts'
import { hostOf } from '../source/url-fields.ts'

export interface DeliverOptions {
  /** Hosts, by name, that may be private or spoken to over `http:`. */
  readonly allowHosts: readonly string[]
  /** Milliseconds for all of it; 15,000. */
  readonly timeoutMs?: number
  readonly lookup?: Lookup
  /** A certificate authority (PEM) besides those Node trusts. */
  readonly tlsCa?: string
}

/** How an attempt ended. Only a status of 200 to 299 is a delivery. */
export interface Attempt {
  /** Null where no answer came. */
  readonly status: number | null
  /** Why it is no delivery; null where it is one. */
  readonly error: string | null
  readonly duration: number
  /** What the receiver said of when to come again, in milliseconds. */
  readonly retryAfter: number | null
}

const TIMEOUT_MS = 15_000
const BODY_BYTES = 64 * 1024

/** POSTs a message once, to an address that was checked and to no other; never follows a redirect. Rejects only where `stop` ends it. */
export async function deliver(
  url: URL,
  message: { readonly headers: Readonly<Record<string, string>>; readonly payload: string },
  stop: AbortSignal,
  options: DeliverOptions,
): Promise<Attempt> {
  const began = performance.now()
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = AbortSignal.any([timeout, stop])
  const ended = (status: number | null, error: string | null, retryAfter: number | null = null): Attempt => ({
    status,
    error,
    duration: Math.round(performance.now() - began),
    retryAfter,
  })
  try {
    const response = await orAborted(signal, send(url, message, signal, options))
    const status = response.statusCode ?? 0
    await drain(response)
    return ended(status, status >= 200 && status < 300 ? null : reason(status), retryAfterOf(response))
  } catch (error) {
    stop.throwIfAborted()
    if (timeout.aborted) return ended(null, `no answer within ${timeoutMs} ms`)
    return ended(null, error instanceof HoldfastError ? error.message : `cannot be reached (${codeOf(error)})`)
  }
}

async function send(
  url: URL,
  message: { readonly headers: Readonly<Record<string, string>>; readonly payload: string },
  signal: AbortSignal,
  { allowHosts, lookup = systemLookup, tlsCa }: DeliverOptions,
): Promise<IncomingMessage> {
  if (url.protocol !== 'https:' && !allowHosts.includes(hostOf(url)))
    throw new HoldfastError('malformed', `http is not allowed; name the host: webhookHosts: [${hostOf(url)}]`, {
      what: 'url',
    })
  // the host alone: path and query of a webhook's URL may hold a secret, and a refusal is shown in the log of deliveries
  const addresses = await addressesOf(new URL(url.origin), { allowHosts, lookup, setting: 'webhookHosts' })
  signal.throwIfAborted()
  const body = Buffer.from(message.payload)
  const options: RequestOptions & { ca?: string[] } = {
    method: 'POST',
    agent: false, // a pooled connection would have skipped the check, a proxy would undo it
    signal,
    headers: {
      'user-agent': 'holdfast',
      accept: '*/*',
      'content-type': 'application/json',
      'content-length': body.length,
      ...message.headers,
    },
    lookup: pinned(addresses),
    ...(tlsCa === undefined ? {} : { ca: [...getCACertificates('default'), tlsCa] }),
  }
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    request(url, options).on('response', resolve).on('error', reject).end(body)
  })
}

/** Reads what little a receiver says, so that it need not fail while saying it; the status has been decided by then. */
async function drain(response: IncomingMessage): Promise<void> {
  let length = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > BODY_BYTES) break
    }
  } catch {
    // the answer was its status; a body that breaks off takes nothing from that
  } finally {
    response.destroy()
  }
}

function reason(status: number): string {
  if (status >= 300 && status < 400)
    return `answered ${status}: a redirect is not followed; give the webhook the new URL`
  return `answered ${status}`
}

/** `Retry-After`: seconds, or a date by the receiver's own clock where it tells that. */
function retryAfterOf({ headers }: IncomingMessage): number | null {
  const text = headers['retry-after']?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const wait = Date.parse(text) - Date.parse(headers.date ?? '')
  return Number.isFinite(wait) && wait > 0 ? wait : null
}

/** A look-up of a name cannot be aborted, only left behind. */
function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}
