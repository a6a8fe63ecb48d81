import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react'
import type { ChangeEvent } from '../../model/config.ts'
import type { Version } from '../../model/version.ts'
import { EventParser, type StreamEvent, watchId } from '../../wire/sse.ts'
import { open, Refusal } from './ask.ts'
import { queries, useSnapshot } from './queries.ts'

/** How the watch of a namespace fares. */
export interface Live {
  readonly state: 'connecting' | 'live' | 'offline'
  /** When it went offline, ISO 8601. */
  readonly since: string | null
  /** True while the server has no store, and answers from memory. */
  readonly isStale: boolean
  /** The newest event, for who wants to say it aloud. */
  readonly event: ChangeEvent | null
}

const CALM: Live = { state: 'connecting', since: null, isStale: false, event: null }
const LiveContext = createContext<Live>(CALM)

export const useLive = (): Live => useContext(LiveContext)

const SILENCE_MS = 45_000
const FIRST_MS = 500
const LONGEST_MS = 15_000
/** A burst of changes reads everything again at most so often. */
const BURST_MS = 250

/** Follows a namespace: every version that comes is seen within moments, and what is typed stays where it is. */
export function LiveProvider({ ns, children }: { readonly ns: string; readonly children: ReactNode }): ReactNode {
  const [live, setLive] = useState<Live>(CALM)
  const { data } = useSnapshot(ns)
  const isReady = data !== undefined
  const first = useRef<Version | null>(null)
  if (!isReady || first.current === null) first.current = data?.version ?? null
  useEffect(() => {
    setLive(CALM)
    if (!isReady) return
    const ending = new AbortController()
    void follow(ns, first.current, ending.signal, (more) => setLive((now) => ({ ...now, ...more })))
    return () => ending.abort()
  }, [ns, isReady])
  return <LiveContext value={live}>{children}</LiveContext>
}

type Tell = (more: Partial<Live>) => void

async function follow(ns: string, version: Version | null, signal: AbortSignal, tell: Tell): Promise<void> {
  const place = { id: version === null ? '0' : watchId(version) }
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      await listen(ns, { place, signal }, (more) => {
        attempt = 0
        tell(more)
      })
    } catch (error) {
      if (signal.aborted) return
      if (Refusal.is(error, 'unauthenticated') || Refusal.is(error, 'forbidden')) attempt = 5
    }
    if (signal.aborted) return
    tell({ state: 'offline', since: new Date().toISOString() })
    const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt)
    await pause(wait * (0.5 + Math.random() / 2), signal)
  }
}

interface Stream {
  readonly place: { id: string }
  readonly signal: AbortSignal
}

/** One connection, until it ends or is silent for three heartbeats. */
async function listen(ns: string, { place, signal }: Stream, tell: Tell): Promise<void> {
  const own = new AbortController()
  const both = AbortSignal.any([signal, own.signal])
  let timer = setTimeout(() => own.abort(), SILENCE_MS)
  try {
    const headers = { accept: 'text/event-stream', 'last-event-id': place.id }
    const response = await open('watch', { in: { ns }, headers, signal: both })
    tell({ state: 'live', since: null })
    const parser = new EventParser()
    const reader = response.body!.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      clearTimeout(timer)
      timer = setTimeout(() => own.abort(), SILENCE_MS)
      for (const event of parser.push(value)) take(ns, event, tell)
      if (parser.lastEventId !== '') place.id = parser.lastEventId
    }
  } finally {
    clearTimeout(timer)
    own.abort()
  }
}

function take(ns: string, { event, data }: StreamEvent, tell: Tell): void {
  if (event === 'store') tell({ isStale: (JSON.parse(data) as { isStale: boolean }).isStale })
  if (event === 'change') tell({ event: JSON.parse(data) as ChangeEvent })
  if (event === 'change' || event === 'reset' || event === 'source') readAgain(ns)
}

const waiting = new Set<string>()

/** Whatever is shown of a namespace is read again. */
export function readAgain(ns: string): void {
  if (waiting.has(ns)) return
  waiting.add(ns)
  setTimeout(() => {
    waiting.delete(ns)
    void queries.invalidateQueries({ queryKey: [ns] })
  }, BURST_MS)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
