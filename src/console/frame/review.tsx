import { RotateCcw, Trash2 } from 'lucide-react'
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import type { ChangeResult } from '../../model/config.ts'
import { ask, newKey, Refusal } from '../api/ask.ts'
import { readAgain } from '../api/live.tsx'
import { useInstances, useSnapshot } from '../api/queries.ts'
import { Button, Failure } from '../parts/basics.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { command, curl, FromShell } from '../parts/shell.tsx'
import { say } from '../parts/toasts.tsx'
import { pageOf } from '../state/address.ts'
import { type Draft, toChange, unstage, useDrafts } from '../state/drafts.ts'
import { plural, printed } from '../state/show.ts'
import { isAbout, OtherIssues, Staged } from './staged.tsx'
import { useMoved, useTrial } from './trial.ts'

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
