import { HoldfastError } from '../model/errors.ts'
import type { VersionId } from '../model/version.ts'
import type { RouteName } from '../wire/paths.ts'
import type { Http, Request } from './http.ts'
import type { Shape } from './shape.ts'
import { persist } from './wait.ts'

/** Reads that the server answers at a version that is known here, or a later one: behind a balancer each may come to another server. */
export const AT_LEAST: ReadonlySet<RouteName> = new Set([
  'readKey',
  'drift',
  'blame',
  'history',
  'listVersions',
  'compare',
])

const READS = { tries: 3, ms: 5_000 }
const WRITES = { tries: 6, ms: 30_000 }

/** What every request of one namespace, or of the whole server, has in common. */
export class Calls {
  readonly http: Http
  readonly #in: Readonly<Record<string, string>>
  readonly #known: () => VersionId

  /** `known`: the newest version that the server is known to have; 0 where none is. */
  constructor(http: Http, place: Readonly<Record<string, string>> = {}, known: () => VersionId = () => 0) {
    this.http = http
    this.#in = place
    this.#known = known
  }

  /** Asks for something; asks again where the way to the server failed. */
  read<T>(name: RouteName, shape: Shape<T>, { query, ...request }: Request = {}): Promise<T> {
    const min = AT_LEAST.has(name) ? this.#known() || undefined : undefined
    const asked = { ...request, query: { ...query, min } }
    return persist(() => this.once(name, shape, asked), { ...READS, signal: this.http.closing })
  }

  /** Changes something once, however often it has to be sent: the server knows the key and gives the first answer again. */
  write<T>(
    name: RouteName,
    shape: Shape<T>,
    { idempotencyKey = newKey(), ...request }: Request & { readonly idempotencyKey?: string | undefined },
  ): Promise<T> {
    const headers = { ...request.headers, 'idempotency-key': toHeader(idempotencyKey) }
    return persist(() => this.once(name, shape, { ...request, headers }), { ...WRITES, signal: this.http.closing })
  }

  /** Asks a single time: what cannot be told apart from its repetition. */
  async once<T>(name: RouteName, shape: Shape<T>, request: Request = {}): Promise<T> {
    const { body } = await this.http.send(name, { ...request, in: { ...this.#in, ...request.in } })
    if (shape(body)) return body
    throw this.http.unavailable(`its answer to ${name} is not what it should be`)
  }
}

/** 128 random bits. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A key as the header says it: in quotes where it is more than a word. */
function toHeader(key: string): string {
  if (/^[\x23-\x7e\x21]{1,255}$/.test(key)) return key
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return JSON.stringify(key)
  throw new HoldfastError('malformed', 'an idempotency key is 1 to 255 printable ASCII characters', {
    what: 'idempotencyKey',
  })
}
