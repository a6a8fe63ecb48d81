import type { ChangeEvent, SourceStatus } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Value } from '../model/value.ts'
import type { SnapshotAnswer } from '../wire/answers.ts'
import { EventParser, type StreamEvent } from '../wire/sse.ts'
import type { Http } from './http.ts'
import { parseJson } from './json.ts'
import { isChangeEvent, isSnapshotAnswer, isSource, isStoreState } from './shape.ts'
import { isReadable } from './snapshots.ts'
import { askedDelay, backoff, isPassing, later, sleep } from './wait.ts'

/** What happens on a watch: the server's words, and that it was reached or lost. */
export type Message =
  | { readonly kind: 'open' }
  | { readonly kind: 'lost'; readonly error: HoldfastError }
  | { readonly kind: 'change'; readonly event: ChangeEvent }
  | { readonly kind: 'reset'; readonly answer: SnapshotAnswer }
  | { readonly kind: 'source'; readonly status: SourceStatus }
  | { readonly kind: 'store'; readonly isStale: boolean }

export interface FollowOptions {
  readonly namespace: string
  /** Where to begin: a version, or the id of an event (`watchId`). */
  readonly from: string
  readonly signal: AbortSignal
  /** A `reset` carries secrets in plain text. */
  readonly reveal: boolean
  readonly watchdogMs: number
  /** True: goes on whatever the server says. False: ends with what it is refused. */
  readonly background: boolean
}

/** A server that accepts a stream and ends it at once is not hammered: this long counts as a good one. */
const GOOD_MS = 5_000

/** Follows a namespace until the signal aborts, across outages: every event after `from` once and in order, or a `reset`. */
export async function* follow(http: Http, options: FollowOptions): AsyncGenerator<Message> {
  const { signal, background } = options
  const place: Place = { id: options.from, retry: 0 }
  let attempt = 0
  while (!signal.aborted) {
    let opened = Number.POSITIVE_INFINITY
    let error: HoldfastError
    try {
      for await (const message of stream(http, options, place)) {
        if (message.kind === 'open') opened = performance.now()
        yield message
      }
      error = http.unavailable('it ended the stream')
    } catch (caught) {
      if (signal.aborted) return
      error = caught instanceof HoldfastError ? caught : http.unavailable('the stream broke', caught)
    }
    if (!background && !isPassing(error)) throw error
    yield { kind: 'lost', error }
    attempt = performance.now() - opened > GOOD_MS ? 0 : attempt + 1
    const asked = Math.max(place.retry, askedDelay(error))
    place.retry = 0
    // A process that lives on its configuration goes on while the server is away.
    await sleep(asked + backoff(attempt), signal)
  }
}

/** Where to go on, and how long the server wants to be left alone first. */
interface Place {
  id: string
  retry: number
}

/** One connection. */
async function* stream(http: Http, options: FollowOptions, place: Place): AsyncGenerator<Message> {
  const own = new AbortController()
  const abort = (): void => own.abort()
  options.signal.addEventListener('abort', abort)
  if (options.signal.aborted) abort()
  try {
    const timer = later(() => own.abort(silent(http, options.watchdogMs)), options.watchdogMs)
    const response = await http.open('watch', requestOf(options, place, own.signal)).finally(() => clearTimeout(timer))
    requireStream(http, response)
    yield { kind: 'open' }
    yield* messages(http, response.body!.getReader(), { place, own, watchdogMs: options.watchdogMs })
  } finally {
    options.signal.removeEventListener('abort', abort)
    own.abort()
  }
}

const silent = (http: Http, ms: number): HoldfastError => http.unavailable(`no byte came for ${ms} ms`)

const requestOf = ({ namespace, reveal }: FollowOptions, place: Place, signal: AbortSignal) => ({
  in: { ns: namespace },
  query: { reveal: reveal ? true : undefined },
  headers: { accept: 'text/event-stream', 'last-event-id': place.id },
  signal,
})

function requireStream(http: Http, response: Response): void {
  const type = response.headers.get('content-type') ?? ''
  if (response.body === null || !/^text\/event-stream\b/i.test(type)) {
    throw http.unavailable('it answers a watch with something else than events')
  }
}

interface Reading {
  readonly place: Place
  readonly own: AbortController
  readonly watchdogMs: number
}

async function* messages(
  http: Http,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { place, own, watchdogMs }: Reading,
): AsyncGenerator<Message> {
  const parser = new EventParser({ limit: http.responseBytes })
  for (;;) {
    // Only while it waits for bytes can a stream be dead: a reader that takes its time must not end it.
    const timer = later(() => own.abort(silent(http, watchdogMs)), watchdogMs)
    const { done, value } = await reader.read().finally(() => clearTimeout(timer))
    if (done) return
    for (const event of parser.push(value)) {
      requirePlace(http, event.lastEventId)
      const message = toMessage(http, event)
      if (message === undefined) continue
      yield message
      // Taken: a connection that breaks while the reader works on it must not tell it again.
      if (event.lastEventId !== '') place.id = event.lastEventId
    }
    requirePlace(http, parser.lastEventId)
    if (parser.lastEventId !== '') place.id = parser.lastEventId
    place.retry = Math.min(parser.retry ?? 0, LONGEST_RETRY_MS)
  }
}

/** An id goes back to the server in a header: nothing else than a place goes there. */
function requirePlace(http: Http, id: string): void {
  if (!/^[0-9a-f-]{0,100}$/.test(id)) throw http.unavailable('an id of its stream is no version')
}

const LONGEST_RETRY_MS = 60_000

/** Events of a kind that is not known here are left out: a newer server may say more. */
function toMessage(http: Http, { event, data }: StreamEvent): Message | undefined {
  if (event !== 'change' && event !== 'reset' && event !== 'source' && event !== 'store') return undefined
  const body: Value | undefined = parseJson(data)
  if (event === 'change' && isChangeEvent(body)) return { kind: event, event: body }
  if (event === 'reset' && isSnapshotAnswer(body) && isReadable(body)) return { kind: event, answer: body }
  if (event === 'source' && isSource(body)) return { kind: event, status: body }
  if (event === 'store' && isStoreState(body)) return { kind: event, isStale: body.isStale }
  throw http.unavailable(`its event ${event} is not what it should be`)
}
