import { type ReactNode, useState } from 'react'
import { useAct } from '../../api/act.ts'
import { ask } from '../../api/ask.ts'
import { readAgain } from '../../api/live.tsx'
import { readStoreAgain } from '../../api/queries.ts'
import { Button, Failure } from '../../parts/basics.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { type Option, SelectField, TextField } from '../../parts/fields.tsx'
import { command, curl, FromShell } from '../../parts/shell.tsx'
import { say } from '../../parts/toasts.tsx'
import { bytes, plural } from '../../state/show.ts'

interface Purged {
  readonly history: number
  readonly versions: number
  readonly bytes: number
}

const AGES: readonly Option[] = [
  ['7d', '7 days'],
  ['30d', '30 days'],
  ['90d', '90 days'],
  ['180d', 'half a year'],
  ['365d', 'a year'],
  ['other', 'another age…'],
]

const AGE = /^[0-9]{1,9}(s|min|m|h|d|w|y)$/

/** Drops old versions and history of a namespace: shows first what would go, and only that can then be confirmed. */
export function Purge({ ns, close }: { readonly ns: string; readonly close: () => void }): ReactNode {
  const [choice, setChoice] = useState('90d')
  const [other, setOther] = useState('')
  const [keep, setKeep] = useState('100')
  const [preview, setPreview] = useState<Purged | null>(null)
  const { isBusy, error, run, forget } = useAct()
  const age = choice === 'other' ? other.trim() : choice
  const isWhole = /^\d{1,9}$/.test(keep)
  const body = { olderThan: age, keep: isWhole ? Number(keep) : 0 }
  /** What was shown holds only for what was asked. */
  const changed = (set: (text: string) => void) => (text: string) => {
    set(text)
    setPreview(null)
    forget()
  }
  const look = async (): Promise<void> =>
    setPreview(await ask<Purged>('purge', { in: { ns }, body: { ...body, dryRun: true } }))
  const purge = async (): Promise<void> => {
    const gone = await ask<Purged>('purge', { in: { ns }, body })
    say(`Dropped ${plural(gone.versions, 'version')} and ${historyOf(gone)} of ${ns}`)
    readStoreAgain()
    readAgain(ns)
    close()
  }
  const isNothing = preview !== null && preview.versions === 0 && preview.history === 0
  return (
    <Dialog title={`Purge ${ns}`} isOpen close={close}>
      <form
        className="fields"
        onSubmit={(event) => {
          event.preventDefault()
          run(preview === null ? look : purge)
        }}
      >
        <p>The newest version, the baseline and tagged versions always stay. What goes cannot be brought back.</p>
        <div className="pair">
          <SelectField label="Older than" value={choice} set={changed(setChoice)} options={AGES} />
          {choice === 'other' && (
            <TextField
              label="Age"
              isMono
              required
              placeholder="36h"
              value={other}
              set={changed(setOther)}
              hint="A number and s, m, h, d, w or y."
            />
          )}
          <TextField
            label="But keep the newest"
            inputMode="numeric"
            required
            value={keep}
            set={changed(setKeep)}
            wrong={isWhole ? undefined : 'A whole number of versions.'}
            hint="Versions that stay whatever their age."
          />
        </div>
        <div role="status">{preview !== null && <WouldGo purged={preview} />}</div>
        {error !== null && <Failure what={preview === null ? 'No preview' : 'Nothing was dropped'} error={error} />}
        <div className="acts end">
          <Button onClick={close}>Not now</Button>
          {preview === null ? (
            <Button type="submit" kind="primary" disabled={isBusy || !AGE.test(age) || !isWhole}>
              {isBusy ? 'Counting…' : 'Show what would go'}
            </Button>
          ) : (
            <Button type="submit" kind="danger" disabled={isBusy || isNothing}>
              {isBusy ? 'Dropping…' : `Drop ${plural(preview.versions, 'version')} and ${historyOf(preview)}`}
            </Button>
          )}
        </div>
        <FromShell
          lines={[
            curl('purge', { in: { ns }, body: { ...body, dryRun: true } }),
            command(ns, 'purge', '--older-than', age, '--keep', String(body.keep), '--dry-run'),
          ]}
        />
      </form>
    </Dialog>
  )
}

const historyOf = ({ history }: Purged): string => plural(history, 'history entry', 'history entries')

const WouldGo = ({ purged: { versions, history, bytes: size } }: { readonly purged: Purged }): ReactNode =>
  versions === 0 && history === 0 ? (
    <p>Nothing is so old: nothing would go.</p>
  ) : (
    <dl className="going">
      <div>
        <dt>versions go</dt>
        <dd>{versions.toLocaleString()}</dd>
      </div>
      <div>
        <dt>history entries</dt>
        <dd>{history.toLocaleString()}</dd>
      </div>
      <div>
        <dt>bytes set free</dt>
        <dd>{bytes(size)}</dd>
      </div>
    </dl>
  )
