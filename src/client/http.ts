import { HoldfastError } from '../model/errors.ts'
import type { Value } from '../model/value.ts'
import { PATHS, pathTo, type RouteName } from '../wire/paths.ts'
import { fromProblem } from '../wire/problem.ts'
import { checkAddress, originOf } from './address.ts'
import { readText } from './body.ts'
import { parseJson } from './json.ts'
import { type ServerOptions, SILENT } from './options.ts'
import { later, noteDelay } from './wait.ts'

export interface Request {
  /** What stands in the braces of the path. */
  readonly in?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Milliseconds until the answer is there, whole; the client's own limit unless told otherwise. */
  readonly timeoutMs?: number
}

export interface Answer {
  readonly status: number
  readonly etag: string | null
  /** Parsed and frozen; `undefined` where there was none. */
  readonly body: Value | undefined
}

const TIMEOUT_MS = 30_000
/** What a proxy may say too, and means as Holdfast does. */
const ANYBODYS: ReadonlySet<number> = new Set([401, 403, 413, 429])
const RESPONSE_BYTES = 64 * 1024 * 1024

/** Requests to one server with one token: what goes wrong on the way is `unavailable`, what the server refuses has the engine's own code. */
export class Http {
  readonly url: string
  /** The server in messages. */
  readonly origin: string
  readonly responseBytes: number
  readonly log: NonNullable<ServerOptions['log']>
  readonly #options: ServerOptions
  readonly #closing = new AbortController()

  constructor(options: ServerOptions) {
    this.url = checkAddress(options.url, options.insecure === true)
    this.origin = originOf(this.url)
    this.responseBytes = options.responseBytes ?? RESPONSE_BYTES
    this.log = options.log ?? SILENT
    this.#options = options
    const { signal } = options
    const close = (): void => this.close()
    if (signal?.aborted) close()
    signal?.addEventListener('abort', close)
    this.closing.addEventListener('abort', () => signal?.removeEventListener('abort', close))
  }

  /** Aborted when the client closes. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  close(): void {
    this.#closing.abort()
  }

  /** Asks, and reads the answer whole. */
  async send(name: RouteName, request: Request = {}): Promise<Answer> {
    const ms = request.timeoutMs ?? this.#options.requestTimeoutMs ?? TIMEOUT_MS
    return await this.within(request.signal, ms, async (signal) => {
      const response = await this.open(name, { ...request, signal })
      const text = response.status === 304 ? '' : await this.#read(response)
      const body = text === '' ? undefined : parseJson(text)
      if (text !== '' && body === undefined) throw this.unavailable('it answers with what is no JSON')
      return { status: response.status, etag: response.headers.get('etag'), body }
    })
  }

  /** Asks, and gives an answer that is no refusal with its body still to be read. */
  async open(name: RouteName, request: Request = {}): Promise<Response> {
    try {
      const token = await this.#token()
      const response = await this.#fetch(name, request, token)
      if (response.status !== 401 || typeof this.#options.token !== 'function') return await this.#accept(response)
      const renewed = await this.#token()
      return await this.#accept(renewed === token ? response : await this.#fetch(name, request, renewed))
    } catch (error) {
      throw this.#failure(error)
    }
  }

  /** Runs `work` with a signal that aborts when the client closes, when `outer` aborts, or after `ms`. */
  async within<T>(outer: AbortSignal | undefined, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const own = new AbortController()
    const ends = outer === undefined ? [this.closing] : [this.closing, outer]
    const abort = (): void => own.abort()
    for (const end of ends) {
      if (end.aborted) abort()
      else end.addEventListener('abort', abort)
    }
    const timer = later(() => own.abort(this.unavailable(`it did not answer within ${ms} ms`)), ms)
    try {
      return await work(own.signal)
    } catch (error) {
      throw this.#failure(error)
    } finally {
      clearTimeout(timer)
      for (const end of ends) end.removeEventListener('abort', abort)
    }
  }

  unavailable(reason: string, cause?: unknown): HoldfastError {
    const message = `the server ${this.origin} is not available: ${reason}`
    return new HoldfastError('unavailable', message, { store: this.origin, retry: true }, { cause })
  }

  #failure(error: unknown): HoldfastError {
    if (this.closing.aborted) return closed(this.origin)
    return error instanceof HoldfastError ? error : this.unavailable(reasonOf(error), error)
  }

  async #fetch(name: RouteName, request: Request, token: string): Promise<Response> {
    if (this.closing.aborted) throw closed(this.origin)
    const { body, signal } = request
    const fetch = this.#options.fetch ?? globalThis.fetch
    return await fetch(this.url + pathTo(name, request.in) + queryOf(request.query), {
      method: PATHS[name][0],
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...request.headers,
      },
      // A redirect would carry the token to another server.
      redirect: 'error',
      credentials: 'omit',
      cache: 'no-store',
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    })
  }

  async #token(): Promise<string> {
    const { token } = this.#options
    const text = typeof token === 'function' ? await token() : token
    // Platforms quote a header that they refuse: what they would refuse must not come so far.
    if (typeof text === 'string' && /^[\x21-\x7e]{1,4096}$/.test(text)) return text
    throw new HoldfastError('unauthenticated', 'the token given is no token: it is a word like hf_…', {
      reason: 'malformed',
    })
  }

  async #accept(response: Response): Promise<Response> {
    if (response.ok || response.status === 304) return response
    const error = this.#refusal(response.status, parseJson(await this.#read(response)))
    noteDelay(error, response.headers.get('retry-after'))
    throw error
  }

  /** A server that is stopping, or something that stands before it and is no Holdfast, is one that is not there. */
  #refusal(status: number, body: Value | undefined): HoldfastError {
    if (body === undefined && !ANYBODYS.has(status)) return this.unavailable(`it answered ${status} and no more`)
    const problem = fromProblem(status, body)
    return problem.code === 'closed' ? this.unavailable('it is stopping') : problem
  }

  async #read(response: Response): Promise<string> {
    const text = await readText(response, this.responseBytes)
    if (text !== undefined) return text
    throw new HoldfastError(
      'unavailable',
      `the server ${this.origin} is not available: its answer is longer than ${this.responseBytes} bytes (option responseBytes)`,
      { store: this.origin, retry: false },
    )
  }
}

export const closed = (what: string): HoldfastError =>
  new HoldfastError('closed', `the connection to ${what} was closed; connect again`, { what })

function queryOf(query: Request['query'] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}

/** Why a request failed, in the platform's words: the cause tells more than "fetch failed". */
function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: unknown; message?: unknown }; message?: unknown }
  const word = cause?.code ?? cause?.message ?? message
  return typeof word === 'string' && word !== '' ? word.slice(0, 200) : 'the request failed'
}
