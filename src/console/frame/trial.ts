import { useEffect, useMemo, useState } from 'react'
import type { ChangeResult } from '../../model/config.ts'
import type { Issue } from '../../model/errors.ts'
import type { SnapshotAnswer } from '../../wire/answers.ts'
import { ask, Refusal } from '../api/ask.ts'
import { type Draft, toChange } from '../state/drafts.ts'
import { leavesOf } from '../state/leaves.ts'
import { isSame } from '../state/show.ts'

interface Trial {
  readonly state: 'asking' | 'done' | 'failed'
  readonly result: ChangeResult | null
  readonly issues: readonly Issue[]
  readonly failure: unknown
  readonly again: () => void
}

/** What the server says to all of it, without doing it: asked again when something is staged, or the ground moves. */
export function useTrial(ns: string, list: readonly Draft[], version: number | undefined): Trial {
  const [trial, setTrial] = useState<Omit<Trial, 'again'>>({ state: 'asking', result: null, issues: [], failure: null })
  const [round, setRound] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version and a new round are reasons to ask again
  useEffect(() => {
    if (list.length === 0) return
    const ending = new AbortController()
    setTrial((now) => ({ ...now, state: 'asking' }))
    ask<ChangeResult>('change', { in: { ns }, body: { ...toChange(list), dryRun: true }, signal: ending.signal })
      .then((result) => setTrial({ state: 'done', result, issues: [], failure: null }))
      .catch((error: unknown) => {
        if (ending.signal.aborted) return
        if (Refusal.is(error, 'invalid') && error.details.issues.length > 0) {
          setTrial({ state: 'done', result: null, issues: error.details.issues, failure: null })
        } else setTrial({ state: 'failed', result: null, issues: [], failure: error })
      })
    return () => ending.abort()
  }, [ns, list, version, round])
  return { ...trial, again: () => setRound((now) => now + 1) }
}

/** Keys that are no longer what they were when they were staged, with what they are now. */
export function useMoved(
  list: readonly Draft[],
  snapshot: SnapshotAnswer | undefined,
): ReadonlyMap<string, { value?: unknown }> {
  return useMemo(() => {
    if (snapshot === undefined) return new Map()
    const now = new Map(leavesOf(snapshot).map((leaf) => [leaf.path, leaf]))
    const moved = new Map<string, { value?: unknown }>()
    for (const draft of list) {
      const value = now.get(draft.path)?.value
      if (!isSame(value, draft.before)) moved.set(draft.path, value === undefined ? {} : { value })
    }
    return moved
  }, [list, snapshot])
}
