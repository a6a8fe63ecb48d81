import { HoldfastError } from '../model/errors.ts'
import { withinLimit } from '../model/limits.ts'
import type { ParseOptions } from './format.ts'
import { SourceText } from './source-text.ts'

/**
 * A source's bytes as text: UTF-8, whole and nothing else. A byte order mark stays, so that a text edited in place keeps it;
 * every format reads past it.
 */
export function decodeText(bytes: Uint8Array, options: ParseOptions): string {
  withinLimit(options.limits, 'sourceBytes', bytes.length, options.file)
  if (isUtf16(bytes)) refuseAt(bytes, 0, options, 'UTF-16; save the file as UTF-8')
  const nul = bytes.indexOf(0)
  if (nul >= 0) refuseAt(bytes, nul, options, 'a NUL byte; this is not a text')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (error instanceof HoldfastError) throw error
    return refuseAt(bytes, firstDamage(bytes), options, 'a byte that is not UTF-8; save the file as UTF-8')
  }
}

const isUtf16 = ([first, second]: Uint8Array): boolean =>
  (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)

/** How many bytes at the front are whole UTF-8. */
function firstDamage(bytes: Uint8Array): number {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  let at = 0
  for (let from = 0; ; ) {
    const mark = text.indexOf('\ufffd', from)
    if (mark < 0) return at
    at += Buffer.byteLength(text.slice(from, mark))
    if (bytes[at] !== 0xef || bytes[at + 1] !== 0xbf || bytes[at + 2] !== 0xbd) return at
    at += 3
    from = mark + 1
  }
}

function refuseAt(bytes: Uint8Array, offset: number, options: ParseOptions, message: string): never {
  const before = new TextDecoder('utf-8').decode(bytes.subarray(0, offset))
  return new SourceText(before, options).refuse(before.length, message)
}
