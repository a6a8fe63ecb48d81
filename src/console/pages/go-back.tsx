import { type ReactNode, useEffect, useState } from 'react'
import { useLocation } from 'wouter'
import type { ChangeResult, KeyChange } from '../../model/config.ts'
import { fromSectionKey, printPath } from '../../model/path.ts'
import { ask, newKey, Refusal } from '../api/ask.ts'
import { readAgain } from '../api/live.tsx'
import { useSnapshot, useVersion } from '../api/queries.ts'
import { Button, Failure, Skeleton } from '../parts/basics.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { command, curl, FromShell } from '../parts/shell.tsx'
import { say } from '../parts/toasts.tsx'
import { Change, PathText } from '../parts/values.tsx'
import { pageOf } from '../state/address.ts'
import { plural } from '../state/show.ts'

interface GoBackProps {
  readonly ns: string
  readonly kind: 'restore' | 'revert'
  readonly versionRef: string
  readonly close: () => void
}

interface Preview {
  readonly result: ChangeResult | null
  readonly error: unknown
}

const pathOf = (change: KeyChange): string => printPath(fromSectionKey(change))

/** Back to a version, or one version undone: what it would change, key by key, before it does. */
export function GoBack({ ns, kind, versionRef, close }: GoBackProps): ReactNode {
  const { data: version } = useVersion(ns, versionRef)
  const { data: snapshot } = useSnapshot(ns)
  const { result, error } = usePreview(ns, kind, versionRef, snapshot?.version?.id)
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const [reason, setReason] = useState('')
  const [failure, setFailure] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  const [, go] = useLocation()
  const changes = result?.changes ?? []
  const chosen = changes.map(pathOf).filter((path) => !left.has(path))
  const isWhole = chosen.length === changes.length
  const name = version === undefined ? versionRef : `v${version.id}`
  const body = {
    ...(reason.trim() !== '' && { reason: reason.trim() }),
    ...(kind === 'restore' && !isWhole && { paths: chosen }),
  }
  const apply = async (): Promise<void> => {
    setBusy(true)
    setFailure(null)
    try {
      const { version: made } = await ask<ChangeResult>(kind, {
        in: { ns, ref: versionRef },
        body: { ...body, ifVersion: snapshot?.version?.id ?? 0 },
        headers: { 'idempotency-key': newKey() },
      })
      readAgain(ns)
      if (made === null) say('Nothing changed: it is so already.')
      else {
        const undo = { word: 'Undo', run: () => go(pageOf(ns, 'versions', { revert: String(made.id) })) }
        say(`Live as v${made.id}`, { act: undo })
      }
      close()
    } catch (caught) {
      setFailure(caught)
      if (Refusal.is(caught, 'conflict')) readAgain(ns)
    } finally {
      setBusy(false)
    }
  }
  const toggle = (path: string): void => {
    const next = new Set(left)
    if (!next.delete(path)) next.add(path)
    setLeft(next)
  }
  return (
    <Dialog
      title={kind === 'restore' ? `Restore ${name}` : `Revert ${name}`}
      isOpen
      isWide
      close={close}
      footer={
        <>
          <span className="word">
            <Outcome
              kind={kind}
              name={name}
              hash={version?.hash}
              count={changes.length}
              left={changes.length - chosen.length}
            />
          </span>
          <Button onClick={close}>Leave it</Button>
          <Button kind="primary" disabled={isBusy || chosen.length === 0} onClick={() => void apply()}>
            {isBusy ? 'Working…' : `${kind === 'restore' ? 'Restore' : 'Revert'} ${plural(chosen.length, 'key')}`}
          </Button>
        </>
      }
    >
      <div className="review">
        <div className="changes">
          {error !== null && (
            <Failure
              what={kind === 'restore' ? 'It cannot be restored' : 'It cannot be undone by itself'}
              error={error}
            />
          )}
          {result === null && error === null && <Skeleton lines={5} />}
          {result !== null && changes.length === 0 && <p>It is so already: nothing would change.</p>}
          {changes.map((change) => (
            <Line
              key={pathOf(change)}
              change={change}
              isChosen={!left.has(pathOf(change))}
              {...(kind === 'restore' && { toggle: () => toggle(pathOf(change)) })}
            />
          ))}
        </div>
        <div className="fields">
          <div className="field">
            <label className="label" htmlFor="why">
              Reason
            </label>
            <textarea
              id="why"
              className="input"
              autoFocus
              rows={3}
              maxLength={2000}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </div>
          {(result?.restartRequired.length ?? 0) > 0 && (
            <p className="notice amber">Takes effect after a restart: {result!.restartRequired.join(', ')}</p>
          )}
          {failure !== null && <Failure what="Nothing was changed" error={failure} />}
          <FromShell
            lines={[
              curl(kind, { in: { ns, ref: versionRef }, body }),
              command(ns, kind, versionRef, ...(isWhole ? [] : chosen.flatMap((path) => ['--path', path]))),
            ]}
          />
        </div>
      </div>
    </Dialog>
  )
}

function Outcome({
  kind,
  name,
  hash,
  count,
  left,
}: {
  readonly kind: GoBackProps['kind']
  readonly name: string
  readonly hash: string | undefined
  readonly count: number
  readonly left: number
}): ReactNode {
  if (count === 0) return null
  if (kind === 'revert') return `What ${name} changed is undone; what came later stays.`
  if (left === 0) return `The configuration will equal ${name} (${hash?.slice(0, 8)}…).`
  return `The configuration will equal ${name} except ${plural(left, 'key')}.`
}

function Line({
  change,
  isChosen,
  toggle,
}: {
  readonly change: KeyChange
  readonly isChosen: boolean
  readonly toggle?: () => void
}): ReactNode {
  const path = pathOf(change)
  return (
    <div className={isChosen ? 'go-back-line' : 'go-back-line left'}>
      {toggle && <input type="checkbox" checked={isChosen} onChange={toggle} aria-label={`Bring ${path} back`} />}
      <Change before={change.oldValue} after={change.newValue}>
        <PathText path={path} />
      </Change>
    </div>
  )
}

/** What it would do, asked by a dry run; again when something else is committed. */
function usePreview(ns: string, kind: GoBackProps['kind'], ref: string, live: number | undefined): Preview {
  const [preview, setPreview] = useState<Preview>({ result: null, error: null })
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version is a reason to ask again
  useEffect(() => {
    const ending = new AbortController()
    ask<ChangeResult>(kind, { in: { ns, ref }, body: { dryRun: true }, signal: ending.signal }).then(
      (result) => setPreview({ result, error: null }),
      (error: unknown) => {
        if (!ending.signal.aborted) setPreview({ result: null, error })
      },
    )
    return () => ending.abort()
  }, [ns, kind, ref, live])
  return preview
}
