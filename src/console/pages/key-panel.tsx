import { Ban, Undo2 } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { Link } from 'wouter'
import type { Explanation, HistoryEntry, LayerValue, List } from '../../model/config.ts'
import { parsePath, toSectionKey } from '../../model/path.ts'
import { segment, useAnswer, useExplanation, useSnapshot, useVersions } from '../api/queries.ts'
import { useAccess } from '../api/session.tsx'
import { Badge, Button, Failure, Skeleton } from '../parts/basics.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { command, curl, FromShell } from '../parts/shell.tsx'
import { Change, PathText, Text, Time, ValueText } from '../parts/values.tsx'
import { pageOf } from '../state/address.ts'
import { stage } from '../state/drafts.ts'
import { STATES } from '../state/words.ts'
import { Schema } from './key-schema.tsx'
import { Reveal } from './reveal.tsx'

/** Everything about one key: why it has this value, what it may be, who changed it; now, or at any version. */
export function KeyPanel({
  ns,
  path,
  close,
}: {
  readonly ns: string
  readonly path: string
  readonly close: () => void
}): ReactNode {
  const place = useMemo(() => placeOf(path), [path])
  return (
    <Dialog title={<PathText path={path} />} place="side" isOpen close={close}>
      {place === undefined ? <p>This is no path.</p> : <About ns={ns} path={path} place={place} close={close} />}
    </Dialog>
  )
}

interface Place {
  readonly section: string
  readonly key: string
}

function placeOf(path: string): Place | undefined {
  try {
    return toSectionKey(parsePath(path))
  } catch {
    return undefined
  }
}

interface AboutProps {
  readonly ns: string
  readonly path: string
  readonly place: Place
  readonly close: () => void
}

function About({ ns, path, place, close }: AboutProps): ReactNode {
  const [at, setAt] = useState<number | null>(null)
  const { data, error } = useExplanation(ns, place, at === null ? undefined : String(at))
  const query = { explain: true, ...(at !== null && { at }) }
  return (
    <div className="stack">
      <TimeSlider ns={ns} at={at} setAt={setAt} />
      {error && <Failure what={at === null ? 'It cannot be explained' : `It was not there at v${at}`} error={error} />}
      {data === undefined && !error && <Skeleton lines={8} />}
      {data && !error && (
        <>
          <Layers explanation={data} />
          {data.schema?.isSecret && <Reveal key={at} ns={ns} place={place} at={at} />}
          {data.schema && <Schema schema={data.schema} />}
          {at === null && <Actions ns={ns} explanation={data} close={close} />}
        </>
      )}
      <Past ns={ns} place={place} />
      <FromShell
        lines={[
          curl('readKey', { in: { ns, section: segment(place.section), key: place.key }, query }),
          command(ns, 'explain', path, ...(at === null ? [] : ['--at', String(at)])),
        ]}
      />
    </div>
  )
}

/** Any past version; the right end is now. */
function TimeSlider({
  ns,
  at,
  setAt,
}: {
  readonly ns: string
  readonly at: number | null
  readonly setAt: (at: number | null) => void
}): ReactNode {
  const { data } = useVersions(ns, 500)
  const versions = data?.items.toReversed() ?? []
  if (versions.length < 2) return null
  const last = versions.length - 1
  const found = at === null ? last : versions.findIndex(({ id }) => id === at)
  const shown = versions[found] ?? versions[last]!
  return (
    <div className="field slider">
      <label className="label" htmlFor="at">
        {at === null ? 'Now' : `As it was at v${at}`}{' '}
        <span className="faint">
          v{shown.id} · <Time iso={shown.createdAt} />
        </span>
      </label>
      <input
        id="at"
        type="range"
        min={0}
        max={last}
        value={found < 0 ? last : found}
        aria-valuetext={`version ${shown.id}`}
        onChange={(event) => {
          const next = Number(event.target.value)
          setAt(next === last ? null : versions[next]!.id)
        }}
      />
    </div>
  )
}

/** The stack of layers, the winner on top. */
function Layers({ explanation }: { readonly explanation: Explanation }): ReactNode {
  const { winner, beaten, override, lastChange, stale } = explanation
  return (
    <section>
      <h3>Where it comes from</h3>
      <ol className="layers">
        {winner && <Layer layer={winner} isWinner />}
        {beaten.map((layer) => (
          <Layer key={`${layer.layer} ${layer.position?.line}`} layer={layer} />
        ))}
      </ol>
      {override && (
        <p className="faint">
          <Badge tone={STATES[override.state].tone}>{override.state}</Badge> {STATES[override.state].says}
          {override.state === 'stale' && (
            <>
              {' '}
              When it was set, the base said <ValueText value={override.baseAtSet} none="nothing" />.
            </>
          )}
          {override.comment !== null && (
            <>
              {' '}
              <Text text={override.comment} />
            </>
          )}
        </p>
      )}
      {stale.length > 0 && (
        <p className="notice amber">Cannot be loaded now, the last good content is used: {stale.join(', ')}</p>
      )}
      {lastChange && (
        <p className="faint">
          Last changed in v{lastChange.version} by <Text text={lastChange.who} />, <Time iso={lastChange.when} />
          {lastChange.why !== null && (
            <>
              : <Text text={lastChange.why} />
            </>
          )}
        </p>
      )}
    </section>
  )
}

function Layer({ layer, isWinner = false }: { readonly layer: LayerValue; readonly isWinner?: boolean }): ReactNode {
  const { layer: name, kind, value, isMask, isPinned, position } = layer
  const place =
    kind === 'override'
      ? 'override'
      : kind === 'default'
        ? 'schema default'
        : `${name}${position ? `:${position.line}` : ''}`
  return (
    <li className={isWinner ? 'winner' : 'beaten'}>
      <span className="faint">
        <Text text={place} /> {isPinned && '(pinned)'} {isWinner && <span className="badge accent">in effect</span>}
      </span>
      <ValueText value={value} none={isMask ? 'taken away (mask)' : 'nothing'} />
    </li>
  )
}

function Actions({
  ns,
  explanation,
  close,
}: {
  readonly ns: string
  readonly explanation: Explanation
  readonly close: () => void
}): ReactNode {
  const { may } = useAccess()
  const { data } = useSnapshot(ns)
  if (!may('config:write', ns) || explanation.winner?.isPinned) return null
  const { path, section, key, value, override, winner } = explanation
  const isSecret = data?.secrets.includes(path) ?? false
  const draft = { path, section, key, isSecret, ...(value !== undefined && { before: value }) }
  const take = (kind: 'unset' | 'mask'): void => {
    stage(ns, { ...draft, kind })
    close()
  }
  return (
    <div className="acts">
      {override && (
        <Button icon={Undo2} onClick={() => take('unset')}>
          End the override
        </Button>
      )}
      {winner && !winner.isMask && (
        <Button kind="danger" icon={Ban} onClick={() => take('mask')}>
          Mask the key
        </Button>
      )}
    </div>
  )
}

const SHOWN = 8

/** Its last values. */
function Past({ ns, place }: { readonly ns: string; readonly place: Place }): ReactNode {
  const { data } = useAnswer<List<HistoryEntry>>(ns, 'history', { query: { ...place, limit: SHOWN } })
  if (data === undefined || data.items.length === 0) return null
  return (
    <section>
      <h3>
        Its history{' '}
        <Link href={pageOf(ns, 'history', { section: place.section, key: place.key })} className="faint">
          all of it
        </Link>
      </h3>
      <ol className="past">
        {data.items.map(({ id, oldValue, newValue, changedBy, changedAt, reason, versionId }) => (
          <li key={id}>
            <Change before={oldValue ?? undefined} after={newValue ?? undefined} />
            <p className="faint">
              v{versionId} · <Text text={changedBy} /> · <Time iso={changedAt} />
              {reason !== null && (
                <>
                  {' · '}
                  <Text text={reason} />
                </>
              )}
            </p>
          </li>
        ))}
      </ol>
    </section>
  )
}
