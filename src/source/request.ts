import { type IncomingMessage, STATUS_CODES } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import { getCACertificates } from 'node:tls'
import { HoldfastError } from '../model/errors.ts'
import { type Limits, withinLimit } from '../model/limits.ts'
import { addressesOf, pinned } from './addresses.ts'
import { codeOf, refuseSource } from './refuse.ts'
import type { Address, Lookup } from './source.ts'
import { shownUrl } from './url-fields.ts'

export interface Request {
  readonly url: URL
  /** For the origin of `url` alone: never sent to another one, nor again once a redirect has left it. */
  readonly headers: Readonly<Record<string, string>>
  /** Sent to the server that is asked at this very URL. */
  readonly conditions: (url: URL) => Readonly<Record<string, string>>
  readonly allowHosts: readonly string[]
  readonly timeoutMs: number
  readonly limits: Limits
  readonly lookup: Lookup
  readonly tlsCa: string | undefined
}

export interface Answer {
  readonly isModified: boolean
  /** Where the answer came from, after redirects. */
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  /** Empty unless modified. */
  readonly body: Uint8Array
}

/** GETs a URL over https, with every hop checked; the time covers all of it, to the last byte of the body. */
export async function get(ask: Request): Promise<Answer> {
  const signal = AbortSignal.timeout(ask.timeoutMs)
  let { url, headers } = ask
  try {
    for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
      const answer = await Promise.race([getOnce(url, { ...ask, headers }, signal), aborted(signal)])
      if (!(answer instanceof URL)) return answer
      if (answer.origin !== url.origin) headers = {}
      url = answer
    }
  } catch (error) {
    if (error instanceof HoldfastError) throw error
    if (signal.aborted) refuseSource(shownUrl(url), `no whole answer within ${ask.timeoutMs} ms (option timeoutMs)`)
    refuseSource(shownUrl(url), reason(error), error)
  }
  return refuseSource(shownUrl(ask.url), `redirects more than ${MOST_REDIRECTS} times`)
}

const MOST_REDIRECTS = 5
const REDIRECTS = [301, 302, 303, 307, 308]

/** One hop: the answer, or the URL it points on to. */
async function getOnce(url: URL, ask: Request, signal: AbortSignal): Promise<Answer | URL> {
  const addresses = await addressesOf(url, ask)
  signal.throwIfAborted()
  const response = await send(url, { ask, addresses, signal })
  try {
    const status = response.statusCode ?? 0
    if (REDIRECTS.includes(status)) return nextUrl(url, response.headers.location)
    if (status === 304 && Object.keys(ask.conditions(url)).length > 0) {
      return { isModified: false, url, headers: response.headers, body: new Uint8Array() }
    }
    if (status !== 200) refuseSource(shownUrl(url), `answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd())
    return { isModified: true, url, headers: response.headers, body: await readBody(url, response, ask.limits) }
  } finally {
    response.destroy()
  }
}

function send(
  url: URL,
  at: { ask: Request; addresses: readonly Address[]; signal: AbortSignal },
): Promise<IncomingMessage> {
  const { ask, addresses, signal } = at
  const options: RequestOptions = {
    agent: false, // a pooled connection would have skipped the check, a proxy would undo it
    signal,
    headers: {
      accept: '*/*',
      'user-agent': 'holdfast',
      ...ask.headers,
      ...ask.conditions(url),
      'accept-encoding': 'identity',
    },
    lookup: pinned(addresses),
    ...(ask.tlsCa === undefined ? {} : { ca: [...getCACertificates('default'), ask.tlsCa] }),
  }
  return new Promise((resolve, reject) => {
    request(url, options).on('response', resolve).on('error', reject).end()
  })
}

function nextUrl(url: URL, location: string | undefined): URL {
  if (location === undefined) refuseSource(shownUrl(url), 'redirects without saying where to')
  const next = URL.parse(location, url)
  if (next === null) refuseSource(shownUrl(url), 'redirects to what is not a URL')
  if (next.protocol !== 'https:') refuseSource(shownUrl(url), `redirects to ${shownUrl(next)}, which is not https`)
  if (next.username !== '' || next.password !== '')
    refuseSource(shownUrl(url), `redirects to ${shownUrl(next)} with a user name or password in the URL`)
  return next
}

async function readBody(url: URL, response: IncomingMessage, limits: Limits): Promise<Uint8Array> {
  const encoding = response.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity')
    refuseSource(shownUrl(url), `answered with content-encoding ${JSON.stringify(encoding)}, which was not asked for`)
  withinLimit(limits, 'sourceBytes', Number(response.headers['content-length'] ?? 0), shownUrl(url))
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    withinLimit(limits, 'sourceBytes', length, shownUrl(url))
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

/** Rejects with the signal: a look-up of a name cannot be aborted, only left behind. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

function reason(error: unknown): string {
  const code = codeOf(error)
  const isTrust = /CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(code)
  if (!isTrust) return `cannot be fetched (${code})`
  return `its certificate is not trusted (${code}); a private authority is named to Node by NODE_EXTRA_CA_CERTS`
}
