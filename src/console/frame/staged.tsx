import { RotateCcw, Trash2, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { CONCEALED } from '../../model/config.ts'
import type { Issue } from '../../model/errors.ts'
import { Button } from '../parts/basics.tsx'
import { Change, PathText, ValueText } from '../parts/values.tsx'
import { type Draft, stage, unstage } from '../state/drafts.ts'
import { printed } from '../state/show.ts'

export const isAbout = (issue: string, path: string): boolean =>
  issue === path || issue.startsWith(`${path}.`) || issue.startsWith(`${path}[`)

interface StagedProps {
  readonly ns: string
  readonly draft: Draft
  /** Present where somebody else changed it since: what it is now. */
  readonly now: { readonly value?: unknown } | undefined
  readonly issues: readonly Issue[]
  readonly needsRestart: boolean
}

export function Staged({ ns, draft, now, issues, needsRestart }: StagedProps): ReactNode {
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
export function OtherIssues({
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
