import { HoldfastError } from '../model/errors.ts'
import type { Version, VersionId } from '../model/version.ts'

/** What one event of a stream says; `data` of several lines is several lines on the wire too. */
export interface EventFields {
  readonly id?: string
  readonly event?: string
  readonly data?: string
  /** Milliseconds a reader waits before it connects again. */
  readonly retry?: number
}

/** The text of one event, as `text/event-stream` has it. CR and CRLF in `data` become LF: the format knows no other line. */
export function encodeEvent({ id, event, data, retry }: EventFields): string {
  let text = ''
  if (retry !== undefined) text += `retry: ${retry}\n`
  if (event !== undefined) text += `event: ${oneLine(event)}\n`
  if (id !== undefined) text += `id: ${oneLine(id)}\n`
  if (data !== undefined) for (const line of data.split(/\r\n|\r|\n/)) text += `data: ${line}\n`
  return `${text}\n`
}

/** A line that readers skip: a heartbeat, a word to whoever looks at the stream. */
export const encodeComment = (text: string): string => `: ${oneLine(text)}\n\n`

function oneLine(text: string): string {
  if (!/[\r\n\0]/.test(text)) return text
  throw new HoldfastError('malformed', `a field of an event is one line: ${JSON.stringify(text)}`, { what: 'event' })
}

/** An event as a reader has it. */
export interface StreamEvent {
  /** `message` where the stream says nothing else. */
  readonly event: string
  readonly data: string
  /** The last id that the stream said, with this event or before it; `""` before the first. */
  readonly lastEventId: string
}

const LINE_END = /\r\n|\r|\n/g

/** What each line of an event costs beside its characters. */
const LINE_COST = 8

/** The longest time a timer can wait. */
const LONGEST_RETRY = 2 ** 31 - 1

/**
 * Reads a `text/event-stream` piece by piece as the HTML standard (9.2.6) says. What it keeps of an event that is not finished is bounded:
 * a longer one is refused (`too-large`), and the parser is of no more use.
 */
export class EventParser {
  readonly #limit: number
  /** The mark at the beginning is taken away here: a decoder that gets it as a piece of its own may take a second one too. */
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #hasBegun = false
  /** Pieces of a line that is not finished: joined once, however many there are. */
  readonly #line: string[] = []
  #lineLength = 0
  #afterCr = false
  readonly #data: string[] = []
  #dataLength = 0
  #event = ''
  #id = ''
  #lastEventId = ''
  #retry: number | undefined

  /** `limit`: characters (UTF-16 units) of one event; 16 Mi unless told otherwise. */
  constructor({ limit = 16 * 1024 * 1024 }: { readonly limit?: number } = {}) {
    this.#limit = limit
  }

  /** What to send as `Last-Event-ID`: also set by an id without data. */
  get lastEventId(): string {
    return this.#lastEventId
  }

  /** Milliseconds to wait before connecting again, where the stream said so. */
  get retry(): number | undefined {
    return this.#retry
  }

  /** The events that `chunk` finishes. */
  push(chunk: Uint8Array): readonly StreamEvent[] {
    const events: StreamEvent[] = []
    const text = this.#begun(this.#decoder.decode(chunk, { stream: true }))
    let from = this.#afterCr && text.startsWith('\n') ? 1 : 0
    if (text !== '') this.#afterCr = text.endsWith('\r')
    LINE_END.lastIndex = from
    for (let end = LINE_END.exec(text); end !== null; end = LINE_END.exec(text)) {
      this.#take(this.#finish(text.slice(from, end.index)), events)
      from = LINE_END.lastIndex
    }
    this.#keep(text.slice(from))
    return events
  }

  #begun(text: string): string {
    if (this.#hasBegun || text === '') return text
    this.#hasBegun = true
    return text.startsWith('\uFEFF') ? text.slice(1) : text
  }

  #keep(piece: string): void {
    if (piece === '') return
    // Of a comment nothing is needed but that it is one.
    const isComment = (this.#line[0] ?? piece).startsWith(':')
    if (isComment && this.#line.length > 0) return
    this.#line.push(isComment ? ':' : piece)
    this.#lineLength += isComment ? 1 : piece.length
    this.#requireRoom(this.#lineLength)
  }

  #finish(rest: string): string {
    if (this.#line.length === 0) return rest
    const line = this.#line.join('') + rest
    this.#line.length = 0
    this.#lineLength = 0
    return line
  }

  #take(line: string, events: StreamEvent[]): void {
    const colon = line.indexOf(':')
    if (line === '') this.#dispatch(events)
    else if (colon !== 0) {
      this.#requireRoom(line.length)
      const name = colon === -1 ? line : line.slice(0, colon)
      this.#field(name, colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1))
    }
  }

  #field(name: string, value: string): void {
    if (name === 'data') {
      this.#dataLength += value.length + LINE_COST
      this.#data.push(value)
    } else if (name === 'event') {
      this.#event = value
    } else if (name === 'id' && !value.includes('\0')) {
      this.#id = value
    } else if (name === 'retry' && /^[0-9]+$/.test(value)) {
      this.#retry = Math.min(Number.parseInt(value, 10), LONGEST_RETRY)
    }
  }

  #dispatch(events: StreamEvent[]): void {
    this.#lastEventId = this.#id
    if (this.#data.length > 0) {
      events.push({ event: this.#event || 'message', data: this.#data.join('\n'), lastEventId: this.#id })
    }
    this.#data.length = 0
    this.#dataLength = 0
    this.#event = ''
  }

  #requireRoom(more: number): void {
    const found = this.#dataLength + more
    if (found <= this.#limit) return
    throw new HoldfastError(
      'too-large',
      `an event of the stream is longer than ${this.#limit} characters; allow a longer one or ask for fewer sections`,
      { limit: 'event', allowed: this.#limit, found },
    )
  }
}

/** Digits of the chain hash in a stream's id: they tell a store restored from a backup, or another one, from this one. */
const CHAIN_DIGITS = 16

/** A version as ids of a stream name it: its number, and the beginning of the chain hash that only this history has. */
export const watchId = ({ id, chainHash }: Pick<Version, 'id' | 'chainHash'>): string =>
  `${id}-${chainHash.slice(0, CHAIN_DIGITS)}`

/** Reads `42` and `42-3f9a01bc5d0e77aa`; anything else is `malformed`. */
export function parseWatchId(text: string): { readonly version: VersionId; readonly chain?: string } {
  const [, version, chain] = /^(0|[1-9][0-9]{0,14})(?:-([0-9a-f]{8,64}))?$/.exec(text) ?? []
  if (version !== undefined) return { version: Number(version), ...(chain !== undefined && { chain }) }
  throw new HoldfastError(
    'malformed',
    `not where a watch can go on: ${JSON.stringify(text.slice(0, 100))}. Say a version (42), or the id of an event as it was received`,
    { what: 'since' },
  )
}
