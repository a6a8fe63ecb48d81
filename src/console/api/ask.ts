import type { ErrorCode, ErrorDetails, HoldfastError } from '../../model/errors.ts'
import { PATHS, pathTo, type RouteName } from '../../wire/paths.ts'
import { fromProblem } from '../../wire/problem.ts'

/** What fills in one request: parameters of its path, its query, its body. */
export interface Asked {
  readonly in?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** What the server refused, or that it could not be reached, with the id by which its log knows the request. */
export class Refusal extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails[ErrorCode]
  /** Null where no answer came. */
  readonly requestId: string | null

  constructor(
    { code, message, details }: Pick<HoldfastError, 'code' | 'message' | 'details'>,
    requestId: string | null,
  ) {
    super(message)
    this.name = 'Refusal'
    this.code = code
    this.details = details
    this.requestId = requestId
  }

  static is<C extends ErrorCode>(
    error: unknown,
    code: C,
  ): error is Refusal & { readonly code: C; readonly details: ErrorDetails[C] } {
    return error instanceof Refusal && error.code === code
  }
}

let csrf = ''
const lost = new Set<() => void>()

/** What each change of this session has to say (`Holdfast-CSRF`). */
export function setCsrf(text: string): void {
  csrf = text
}

/** Calls `listener` when the server no longer knows who asks. */
export function onSessionLost(listener: () => void): () => void {
  lost.add(listener)
  return () => lost.delete(listener)
}

/** The address of a request on this server. */
export function addressOf(name: RouteName, { in: place, query = {} }: Pick<Asked, 'in' | 'query'> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  const search = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString()
  return pathTo(name, place) + (search === '' ? '' : `?${search}`)
}

/** Asks, and gives the answer with its body still to be read. */
export async function open(name: RouteName, asked: Asked = {}): Promise<Response> {
  const response = await send(name, asked)
  if (response.ok) return response
  const refusal = await refusalOf(response)
  if (refusal.code === 'unauthenticated' && name !== 'signIn') for (const listener of lost) listener()
  throw refusal
}

/** Asks, and reads the answer. Its shape is the route's (`wire/routes.ts`): the page and the server are one release. */
export async function ask<T>(name: RouteName, asked: Asked = {}): Promise<T> {
  const response = await open(name, asked)
  const text = await response.text()
  return (text === '' ? undefined : JSON.parse(text)) as T
}

async function send(name: RouteName, asked: Asked): Promise<Response> {
  const method = PATHS[name][0]
  try {
    return await fetch(addressOf(name, asked), {
      method,
      headers: {
        accept: 'application/json',
        ...(asked.body !== undefined && { 'content-type': 'application/json' }),
        ...(method !== 'GET' && csrf !== '' && { 'holdfast-csrf': csrf }),
        ...asked.headers,
      },
      ...(asked.body !== undefined && { body: JSON.stringify(asked.body) }),
      ...(asked.signal && { signal: asked.signal }),
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
    })
  } catch (error) {
    if (asked.signal?.aborted) throw error
    const message = 'The server does not answer. What is shown stays as it was; nothing was sent that is half done.'
    throw new Refusal({ code: 'unavailable', message, details: { store: location.origin, retry: true } }, null)
  }
}

async function refusalOf(response: Response): Promise<Refusal> {
  const body = await response.json().catch(() => undefined)
  const id = (body as { instance?: unknown } | undefined)?.instance
  return new Refusal(fromProblem(response.status, body), typeof id === 'string' ? id : null)
}

/** 128 random bits: an `Idempotency-Key`, so that a change that has to be sent again applies once. */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
