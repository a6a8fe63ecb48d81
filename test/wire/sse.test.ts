import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventParser, encodeComment, encodeEvent, parseWatchId, type StreamEvent, watchId } from '../../src/wire/sse.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function read(text: string, options?: { readonly limit?: number }): readonly StreamEvent[] {
  return new EventParser(options).push(bytes(text))
}

/** `whole` in pieces that end at `cuts`, wherever these fall in a character. */
function pieces(whole: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const ends = [...cuts.map((cut) => cut % (whole.length + 1)), whole.length].sort((a, b) => a - b)
  return ends.map((end, i) => whole.subarray(ends[i - 1] ?? 0, end))
}

const line = fc.string({ unit: 'binary' }).map((text) => text.replace(/[\r\n\0]/g, '').toWellFormed())
const cuts = fc.array(fc.nat(), { maxLength: 20 })

describe('an event', () => {
  it('is read as it was written, however the stream is cut', () => {
    const event = fc.record({ id: line, event: line, data: fc.array(line, { minLength: 1 }) })
    fc.assert(
      fc.property(fc.array(event), cuts, (events, at) => {
        const text = events.map((one) => encodeEvent({ ...one, data: one.data.join('\n') })).join(encodeComment('beat'))
        const parser = new EventParser()
        const found = pieces(bytes(text), at).flatMap((piece) => parser.push(piece))
        expect(found).toEqual(
          events.map((one) => ({
            event: one.event || 'message',
            data: one.data.join('\n'),
            lastEventId: one.id,
          })),
        )
      }),
    )
  })

  it('has each line end of its data as LF', () => {
    expect(read(encodeEvent({ data: 'a\r\nb\rc\nd' }))).toMatchObject([{ data: 'a\nb\nc\nd' }])
  })

  it('is refused where its id or its name has more than one line', () => {
    const malformed = expect.objectContaining({ code: 'malformed' })
    for (const text of ['a\nb', 'a\rb', 'a\0b']) {
      expect(() => encodeEvent({ id: text })).toThrow(malformed)
      expect(() => encodeEvent({ event: text })).toThrow(malformed)
      expect(() => encodeComment(text)).toThrow(malformed)
    }
  })
})

describe('the reader of a stream', () => {
  it('reads anything as another reader of the standard does', () => {
    const word = fc.constantFrom(
      'data',
      'id',
      'event',
      'retry',
      'Data',
      ':',
      ': ',
      ' ',
      '\r',
      '\n',
      '\r\n',
      '\n\n',
      'x',
    )
    const other = fc.constantFrom('\0', '\uFEFF', '42', 'é', '😀', '\u2028', 'data: a\n', 'id: 7\r', 'event: b\r\n')
    const text = fc.array(fc.oneof(word, other), { maxLength: 60 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, cuts, (stream, at) => {
        const ours = new EventParser()
        const events = pieces(bytes(stream), at).flatMap((piece) => ours.push(piece))
        expect({ events, retry: ours.retry, lastEventId: ours.lastEventId }).toEqual(byOther(stream))
      }),
      { numRuns: 3000 },
    )
  })

  it('takes a byte order mark away at the beginning only, also one that comes byte by byte', () => {
    const parser = new EventParser()
    const found = Array.from(bytes('\uFEFFdata: a\n\ndata: \uFEFFb\n\n'), (byte) => parser.push(Uint8Array.of(byte)))
    expect(found.flat().map((event) => event.data)).toEqual(['a', '\uFEFFb'])
    const twice = new EventParser()
    for (const piece of ['\uFEFF', '\uFEFFid: 7\n\n']) twice.push(bytes(piece))
    expect(twice.lastEventId).toBe('')
  })

  it('sees one line end in a CRLF that is cut, and an event before the next piece comes', () => {
    const parser = new EventParser()
    expect(parser.push(bytes('data: a\r'))).toEqual([])
    expect(parser.push(bytes('\n\r'))).toMatchObject([{ data: 'a' }])
    expect(parser.push(bytes('\ndata: b\r\n\r\n'))).toMatchObject([{ data: 'b' }])
  })

  it('keeps the last id for events without one, and lets an empty id end it', () => {
    const events = read('id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\nid: 1\u00002\ndata: d\n\n')
    expect(events.map((event) => event.lastEventId)).toEqual(['7', '7', '', ''])
  })

  it('takes digits for a time to wait, and no more of it than a timer can hold', () => {
    const parser = new EventParser()
    parser.push(bytes('retry: 12x\nretry: -5\nretry:\n'))
    expect(parser.retry).toBeUndefined()
    parser.push(bytes('retry: 1500\n'))
    expect(parser.retry).toBe(1500)
    parser.push(bytes(`retry: ${'9'.repeat(400)}\n`))
    expect(parser.retry).toBe(2 ** 31 - 1)
  })
})

describe('the bound on one event', () => {
  const tooLarge = expect.objectContaining({ code: 'too-large' })

  it('refuses a line that does not end, lines that do not make an event, and a long name', () => {
    expect(() => read(`data: ${'x'.repeat(101)}`, { limit: 100 })).toThrow(tooLarge)
    expect(() => read('data\n'.repeat(100), { limit: 100 })).toThrow(tooLarge)
    expect(() => read(`event: ${'x'.repeat(101)}\n`, { limit: 100 })).toThrow(tooLarge)
    expect(() => read(`unknown${'x'.repeat(101)}`, { limit: 100 })).toThrow(tooLarge)
  })

  it('is met alike however the stream is cut', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 140 }), cuts, (length, at) => {
        const stream = bytes(`data: ${'x'.repeat(length)}\n\n`)
        const parser = new EventParser({ limit: 100 })
        const push = () => pieces(stream, at).flatMap((piece) => parser.push(piece))
        if (length + 'data: '.length > 100) expect(push).toThrow(tooLarge)
        else expect(push()).toHaveLength(1)
      }),
    )
  })

  it('is no bound on the stream, nor on a comment', () => {
    const parser = new EventParser({ limit: 100 })
    const stream = `:${'x'.repeat(1000)}\n${encodeEvent({ data: 'y'.repeat(50) })}`
    const found = Array.from({ length: 100 }, () => parser.push(bytes(stream))).flat()
    expect(found).toHaveLength(100)
    for (const character of `:${'z'.repeat(1000)}\n`) parser.push(bytes(character))
  })
})

describe('the id of an event of a watch', () => {
  const chainHash = '3f9a01bc5d0e77aa'.padEnd(64, '0')

  it('names the version and the history it belongs to', () => {
    expect(watchId({ id: 42, chainHash })).toBe('42-3f9a01bc5d0e77aa')
    expect(parseWatchId('42-3f9a01bc5d0e77aa')).toEqual({ version: 42, chain: '3f9a01bc5d0e77aa' })
    expect(parseWatchId('0')).toEqual({ version: 0 })
  })

  it.each([
    '',
    ' 42',
    '42 ',
    '-1',
    '042',
    '4.2',
    '1e3',
    '0x10',
    '42-',
    '42-3f9a01b',
    '42-3F9A01BC',
    `42-${'a'.repeat(65)}`,
    '42-3f9a01bg',
    '9'.repeat(16),
    '42-3f9a01bc-1',
    '٤٢',
    'latest',
    '42\n',
    '{}',
    'x'.repeat(100_000),
  ])('is refused where it is %j', (text) => {
    // biome-ignore format: a list of words
    expect(() => parseWatchId(text)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})

/** What eventsource-parser makes of a whole stream, told as ours tells it. */
function byOther(stream: string) {
  const events: StreamEvent[] = []
  let lastEventId = ''
  let retry: number | undefined
  const parser = createParser({
    onId: (id) => {
      lastEventId = id
    },
    onRetry: (ms) => {
      retry = ms
    },
    onEvent: ({ event, data }) => events.push({ event: event ?? 'message', data, lastEventId }),
  })
  parser.feed(stream)
  return { events, retry, lastEventId }
}
