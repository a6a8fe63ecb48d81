import type { AuditEntry } from '../model/access.ts'
import type { Note } from './audit-limits.ts'
import { withoutTokens } from './token-text.ts'

/** An entry that waits to be written: it may come to stand for more. */
export type Row = { -readonly [Name in keyof Omit<AuditEntry, 'id'>]: AuditEntry[Name] }

export const iso = (at: number): string => new Date(at).toISOString()

/** The same for notes that tell the same, whichever request they are of. */
export const keyOf = ({ requestId, ...note }: Note): string => JSON.stringify(Object.values(note))

/** Callers' words, some of them a stranger's: of bounded length, on one line, with no token in them. */
export function tidy(note: Note): Note {
  const text = (name: keyof typeof LENGTHS): string | null => {
    const given = note[name]
    if (given === null || given === undefined) return null
    const shown = withoutTokens(given.slice(0, 2 * LENGTHS.detail)).replace(CONTROLS, ' ')
    return shown.slice(0, LENGTHS[name]).toWellFormed()
  }
  return {
    event: note.event,
    who: text('who'),
    tokenId: text('tokenId'),
    sourceIp: text('sourceIp'),
    namespace: text('namespace'),
    subject: text('subject'),
    detail: text('detail'),
    requestId: text('requestId'),
  }
}

const LENGTHS = {
  who: 100,
  tokenId: 100,
  sourceIp: 100,
  namespace: 100,
  subject: 300,
  detail: 500,
  requestId: 128,
} as const satisfies Record<Exclude<keyof Note, 'event'>, number>

const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g
