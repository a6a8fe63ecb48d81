import { RotateCcw, Trash2, TriangleAlert } from 'lucide-react'
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { type ChangeResult, CONCEALED } from '../../model/config.ts'
import type { Issue } from '../../model/errors.ts'
import type { SnapshotAnswer } from '../../wire/answers.ts'
import { ask, newKey, Refusal } from '../api/ask.ts'
import { readAgain } from '../api/live.tsx'
import { useInstances, useSnapshot } from '../api/queries.ts'
import { Button, Failure } from '../parts/basics.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { command, curl, FromShell } from '../parts/shell.tsx'
import { say } from '../parts/toasts.tsx'
import { Change, PathText, ValueText } from '../parts/values.tsx'
import { pageOf } from '../state/address.ts'
import { type Draft, stage, toChange, unstage, useDrafts } from '../state/drafts.ts'
import { leavesOf } from '../state/leaves.ts'
import { isSame, plural, printed } from '../state/show.ts'

/** Everything staged, as it would be: checked by a dry run, with its reason, before anything is live. */
export default function Review({ ns, close }: { readonly ns: string; readonly close: () => void }): ReactNode {
  const drafts = useDrafts(ns)
  const list = useMemo(() => [...drafts.values()], [drafts])
  const { data: snapshot } = useSnapshot(ns)
  const [reason, setReason] = useState('')
  const [failure, setFailure] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  const trial = useTrial(ns, list, snapshot?.version?.id)
  const key = useRef({ key: newKey(), for: '' })
  const [, go] = useLocation()
  const moved = useMoved(list, snapshot)

  useEffect(() => {
    if (list.length === 0) close()
  }, [list, close])

  const body = { ...toChange(list), ...(reason.trim() !== '' && { reason: reason.trim() }) }
  const apply = async (): Promise<void> => {
    setBusy(true)
    setFailure(null)
    const sent = { ...body, ifVersion: snapshot?.version?.id ?? 0 }
    const text = JSON.stringify(sent)
    // The same change under the same key: one that has to be sent again applies once.
    if (key.current.for !== text) key.current = { key: newKey(), for: text }
    try {
      const { version } = await ask<ChangeResult>('change', {
        in: { ns },
        body: sent,
        headers: { 'idempotency-key': key.current.key },
      })
      unstage(ns)
      readAgain(ns)
      if (version === null) say('Nothing changed: it is so already.')
      else {
        const undo = { word: 'Undo', run: () => go(pageOf(ns, 'versions', { revert: String(version.id) })) }
        say(`Live as v${version.id}`, { act: undo })
      }
      close()
    } catch (error) {
      setFailure(error)
      if (Refusal.is(error, 'conflict')) readAgain(ns)
    } finally {
      setBusy(false)
    }
  }

  const issues = trial.issues
  const told = list.map((draft) => (draft.isSecret && draft.kind === 'set' ? { ...draft, value: 'SECRET' } : draft))
  const isReady = trial.state === 'done' && issues.length === 0 && moved.size === 0
  return (
    <Dialog
      title={`Review ${plural(list.length, 'change')} of ${ns}`}
      isOpen
      isWide
      close={close}
      footer={
        <>
          <span className="word" role="status">
            {trial.state === 'asking'
              ? 'Checking…'
              : moved.size > 0
                ? 'Decide about the keys that somebody else changed.'
                : issues.length > 0
                  ? `${plural(issues.length, 'finding')} to mend first.`
                  : trial.state === 'done'
                    ? 'Checked: it would be accepted.'
                    : ''}
          </span>
          <Button kind="danger" icon={Trash2} onClick={() => unstage(ns)}>
            Drop all
          </Button>
          <Button kind="primary" disabled={!isReady || isBusy} onClick={() => void apply()}>
            {isBusy ? 'Applying…' : `Apply ${plural(list.length, 'change')}`}
          </Button>
        </>
      }
    >
      <div className="review">
        <div className="changes">
          {list.map((draft) => (
            <Staged
              key={draft.path}
              ns={ns}
              draft={draft}
              now={moved.get(draft.path)}
              issues={issues.filter(({ path }) => isAbout(path, draft.path))}
              needsRestart={trial.result?.restartRequired.includes(draft.path) ?? false}
            />
          ))}
        </div>
        <div className="fields">
          <div className="field">
            <label className="label" htmlFor="reason">
              Reason
            </label>
            <textarea
              id="reason"
              className="input"
              autoFocus
              rows={3}
              maxLength={2000}
              placeholder="Why? The next person at night will read it."
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </div>
          <OtherIssues issues={issues} drafts={list} />
          <Concerned ns={ns} paths={trial.result?.restartRequired ?? []} />
          {trial.failure !== null && <Failure what="It cannot be checked" error={trial.failure} retry={trial.again} />}
          {failure !== null && <Failure what="Not applied. What you staged is kept" error={failure} />}
          <FromShell
            lines={[curl('change', { in: { ns }, body: { ...body, ...toChange(told) } }), shellOf(ns, told, reason)]}
          />
        </div>
      </div>
    </Dialog>
  )
}

const isAbout = (issue: string, path: string): boolean =>
  issue === path || issue.startsWith(`${path}.`) || issue.startsWith(`${path}[`)

interface Trial {
  readonly state: 'asking' | 'done' | 'failed'
  readonly result: ChangeResult | null
  readonly issues: readonly Issue[]
  readonly failure: unknown
  readonly again: () => void
}

/** What the server says to all of it, without doing it: asked again when something is staged, or the ground moves. */
function useTrial(ns: string, list: readonly Draft[], version: number | undefined): Trial {
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
function useMoved(
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

interface StagedProps {
  readonly ns: string
  readonly draft: Draft
  /** Present where somebody else changed it since: what it is now. */
  readonly now: { readonly value?: unknown } | undefined
  readonly issues: readonly Issue[]
  readonly needsRestart: boolean
}

function Staged({ ns, draft, now, issues, needsRestart }: StagedProps): ReactNode {
  const { path, before, value, kind, isSecret } = draft
  return (
    <article className={issues.length > 0 ? 'staged wrong' : 'staged'}>
      <div className="row">
        <PathText path={path} />
        {needsRestart && (
          <span className="badge amber">
            <RotateCcw size={12} aria-hidden /> restart
          </span>
        )}
        <Button
          kind="ghost"
          isSmall
          icon={Trash2}
          label={`Drop the change of ${path}`}
          onClick={() => unstage(ns, path)}
        />
      </div>
      {kind === 'unset' ? (
        <p>
          The override ends; the base counts again. Now: <ValueText value={before} />
        </p>
      ) : (
        <Change before={before} after={kind === 'mask' ? undefined : isSecret ? CONCEALED : value} />
      )}
      {issues.map((issue) => (
        <p key={issue.message} className="finding">
          <TriangleAlert size={14} aria-hidden /> {issue.message}
          {issue.didYouMean !== undefined && ` Did you mean ${issue.didYouMean}?`}
          {issue.allowed !== undefined && ` Allowed: ${issue.allowed.map((one) => printed(one as never)).join(', ')}.`}
        </p>
      ))}
      {now !== undefined && <Moved ns={ns} draft={draft} now={now.value as Draft['before']} />}
    </article>
  )
}

/** Somebody else was faster: yours, now, before; and one word decides. */
function Moved({
  ns,
  draft,
  now,
}: {
  readonly ns: string
  readonly draft: Draft
  readonly now: Draft['before']
}): ReactNode {
  const keep = (): void => {
    const { before: _, ...rest } = draft
    stage(ns, now === undefined ? rest : { ...rest, before: now })
  }
  return (
    <div className="conflict" role="alert">
      <p>
        <TriangleAlert size={14} aria-hidden /> Somebody else changed this key after you staged it.
      </p>
      <dl>
        <dt>Yours</dt>
        <dd>
          <ValueText
            value={draft.kind !== 'set' ? undefined : draft.isSecret ? CONCEALED : draft.value}
            none={draft.kind === 'mask' ? 'masked' : 'the base'}
          />
        </dd>
        <dt>Now</dt>
        <dd>
          <ValueText value={now} />
        </dd>
        <dt>Before</dt>
        <dd>
          <ValueText value={draft.before} />
        </dd>
      </dl>
      <div className="acts">
        <Button isSmall onClick={keep}>
          Keep mine
        </Button>
        <Button isSmall onClick={() => unstage(ns, draft.path)}>
          Take what is there now
        </Button>
      </div>
    </div>
  )
}

/** Findings about keys that are not staged: a rule across keys, or something that was wrong before. */
function OtherIssues({
  issues,
  drafts,
}: {
  readonly issues: readonly Issue[]
  readonly drafts: readonly Draft[]
}): ReactNode {
  const others = issues.filter(({ path }) => !drafts.some((draft) => isAbout(path, draft.path)))
  if (others.length === 0) return null
  return (
    <div className="failure" role="alert">
      <strong>The configuration would break its rules</strong>
      {others.map(({ path, message, source }) => (
        <span key={`${path} ${message}`}>
          <PathText path={path === '' ? 'the whole' : path} />: {message}
          {source !== undefined && ` (${source})`}
        </span>
      ))}
    </div>
  )
}

/** Who has to restart before it takes effect. */
function Concerned({ ns, paths }: { readonly ns: string; readonly paths: readonly string[] }): ReactNode {
  const { data = [] } = useInstances(ns)
  const running = data.filter(({ state }) => state !== 'gone')
  if (paths.length === 0) return null
  return (
    <div className="notice amber">
      <RotateCcw size={16} aria-hidden />
      <span>
        {plural(paths.length, 'key')} of it {paths.length === 1 ? 'takes' : 'take'} effect only after a restart
        {running.length > 0 && `: ${running.map(({ id }) => id).join(', ')}`}.
      </span>
    </div>
  )
}

function shellOf(ns: string, list: readonly Draft[], reason: string): string {
  const why = reason.trim() === '' ? [] : ['--reason', reason.trim()]
  const of = (kind: Draft['kind']): readonly Draft[] => list.filter((one) => one.kind === kind)
  const sets = of('set').map(({ path, value }) => `${path}=${printed(value)}`)
  return [
    ...(sets.length > 0 ? [command(ns, 'set', ...sets, ...why)] : []),
    ...(of('unset').length > 0 ? [command(ns, 'unset', ...of('unset').map(({ path }) => path), ...why)] : []),
    ...(of('mask').length > 0 ? [command(ns, 'mask', ...of('mask').map(({ path }) => path), ...why)] : []),
  ].join('\n')
}
