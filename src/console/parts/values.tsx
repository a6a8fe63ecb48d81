import { ArrowRight, Lock } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { CONCEALED } from '../../model/config.ts'
import type { Value } from '../../model/value.ts'
import { ago, codePoint, pieces, printed } from '../state/show.ts'
import { Tip } from './tip.tsx'

const SHORT = 240

/** Text as it is, with what is invisible made visible. Never anything but text. */
export function Text({ text }: { readonly text: string }): ReactNode {
  return pieces(text).map((piece, i) =>
    piece.isControl ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no other name
      <span key={i} className="control" title="an invisible character">
        {codePoint(piece.text)}
      </span>
    ) : (
      piece.text
    ),
  )
}

/** A value; a long one is cut and can be opened. */
export function ValueText({
  value,
  isFull = false,
  none = 'not set',
}: {
  readonly value: Value | undefined
  readonly isFull?: boolean
  readonly none?: string
}): ReactNode {
  const [isOpen, setOpen] = useState(isFull)
  if (value === undefined) return <span className="value none">{none}</span>
  if (value === CONCEALED) {
    return (
      <span className="value">
        <Lock size={12} aria-hidden /> {CONCEALED}
        <span className="hidden"> a secret</span>
      </span>
    )
  }
  const text = value === '' ? '""' : printed(value)
  const isLong = text.length > SHORT
  return (
    <span className="value" dir="auto">
      <Text text={isLong && !isOpen ? `${text.slice(0, SHORT)}…` : text} />
      {isLong && (
        <button type="button" className="more" onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'less' : `all ${text.length.toLocaleString()} characters`}
        </button>
      )}
    </span>
  )
}

export const PathText = ({ path }: { readonly path: string }): ReactNode => (
  <span className="path">
    <Text text={path} />
  </span>
)

const SIGNS = { added: ['+', 'added'], removed: ['−', 'removed'], changed: ['~', 'changed'] } as const

/** What became of one key: sign, word for screen readers, and both sides. */
export function Change({
  before,
  after,
  children,
}: {
  readonly before: Value | undefined
  readonly after: Value | undefined
  readonly children?: ReactNode
}): ReactNode {
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
  const [sign, word] = SIGNS[kind]
  return (
    <div className={`change ${kind}`}>
      <span className="sign" aria-hidden>
        {sign}
      </span>
      <div>
        <span className="hidden">{word}: </span>
        {children}
        <div className="sides">
          {kind === 'changed' ? <Sides before={before!} after={after!} /> : <ValueText value={after ?? before} />}
        </div>
      </div>
    </div>
  )
}

/** Of two long texts only what differs is worth the eye. */
function Sides({ before, after }: { readonly before: Value; readonly after: Value }): ReactNode {
  const [old, now] = [printed(before), printed(after)]
  if (Math.max(old.length, now.length) <= 60 || before === CONCEALED || after === CONCEALED) {
    return (
      <>
        <span className="before">
          <span className="hidden">from </span>
          <ValueText value={before} />
        </span>
        <ArrowRight size={14} className="arrow" aria-label="to" />
        <ValueText value={after} />
      </>
    )
  }
  const { start, end } = around(old, now)
  const cut = (text: string): ReactNode => <Differing text={text} start={start} end={end} />
  return (
    <div className="lines">
      <span className="value before">{cut(old)}</span>
      <span className="value">{cut(now)}</span>
    </div>
  )
}

const CONTEXT = 24
const LONGEST = 400

function Differing({
  text,
  start,
  end,
}: {
  readonly text: string
  readonly start: number
  readonly end: number
}): ReactNode {
  const middle = text.slice(start, text.length - end)
  const lead = text.slice(Math.max(0, start - CONTEXT), start)
  const tail = text.slice(text.length - end, text.length - end + CONTEXT)
  return (
    <>
      {start > CONTEXT && '…'}
      <Text text={lead} />
      <mark>
        <Text text={middle.length > LONGEST ? `${middle.slice(0, LONGEST)}… (${middle.length} characters)` : middle} />
      </mark>
      <Text text={tail} />
      {end > CONTEXT && '…'}
    </>
  )
}

/** How many characters two texts share at their beginning and at their end. */
function around(one: string, other: string): { readonly start: number; readonly end: number } {
  const most = Math.min(one.length, other.length)
  let start = 0
  while (start < most && one[start] === other[start]) start++
  let end = 0
  while (end < most - start && one.at(-1 - end) === other.at(-1 - end)) end++
  return { start, end }
}

/** The first digits of a hash; all of them on hover. */
export const Hash = ({ hash }: { readonly hash: string }): ReactNode => (
  <Tip text={hash}>
    <span className="hash">{hash.slice(0, 8)}</span>
  </Tip>
)

const clocks = new Set<(round: number) => void>()
let round = 0
setInterval(() => {
  round++
  for (const tick of clocks) tick(round)
}, 10_000)

/** The time that pages are drawn for; what is drawn by it is drawn again every ten seconds. */
export function useNow(): number {
  const [, tick] = useState(round)
  useEffect(() => {
    clocks.add(tick)
    return () => {
      clocks.delete(tick)
    }
  }, [])
  return Date.now()
}

/** A time: how long ago, the reader's own clock and UTC on hover; or the clock in the row where `isFull`. */
export function Time({ iso, isFull = false }: { readonly iso: string; readonly isFull?: boolean }): ReactNode {
  const at = useNow()
  const local = new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
  return (
    <Tip text={`${local} · ${iso} UTC`}>
      <time dateTime={iso}>{isFull ? local : ago(iso, at)}</time>
    </Tip>
  )
}
