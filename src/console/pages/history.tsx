import { History as HistoryIcon } from 'lucide-react'
import { type ReactNode, useDeferredValue, useState } from 'react'
import { Link } from 'wouter'
import type { HistoryEntry, HistoryQuery } from '../../model/config.ts'
import { fromSectionKey, printPath } from '../../model/path.ts'
import { useHistory, useSnapshot } from '../api/queries.ts'
import { Badge, Button, Card, Empty, Failure, PageHead, Skeleton } from '../parts/basics.tsx'
import { command, curl, FromShell } from '../parts/shell.tsx'
import { Change, PathText, Text, Time } from '../parts/values.tsx'
import { pageOf, useFilters } from '../state/address.ts'
import { plural } from '../state/show.ts'

const PAGE = 100
const NAMES = ['section', 'key', 'by', 'since', 'until'] as const

/** Who changed what, when, why and from where: a timeline whose filters live in the address. */
export default function History({ ns }: { readonly ns: string }): ReactNode {
  const [filters, change] = useFilters()
  const [limit, setLimit] = useState(PAGE)
  const asked = useDeferredValue(queryOf(filters))
  const { data, error, refetch, isFetching } = useHistory(ns, { ...asked, limit })
  const { data: snapshot } = useSnapshot(ns)
  const words = Object.entries(asked)
  return (
    <>
      <PageHead title="History" says="What was changed, newest first: who, when, why, and from where.">
        <Link className="button" href={pageOf(ns, 'blame')}>
          Who set each key last
        </Link>
      </PageHead>
      <search className="filters">
        <Filter
          name="section"
          label="Section"
          filters={filters}
          change={change}
          options={Object.keys(snapshot?.config ?? {})}
        />
        <Filter name="key" label="Key" filters={filters} change={change} />
        <Filter name="by" label="Who" filters={filters} change={change} />
        <Filter name="since" label="From" type="datetime-local" filters={filters} change={change} />
        <Filter name="until" label="Until" type="datetime-local" filters={filters} change={change} />
        {words.length > 0 && (
          <Button onClick={() => change(Object.fromEntries(NAMES.map((name) => [name, null])))}>Clear</Button>
        )}
      </search>
      {error && <Failure what="The history cannot be read" error={error} retry={() => void refetch()} />}
      {data === undefined && !error && <Skeleton lines={8} />}
      {data?.items.length === 0 && (
        <Empty icon={HistoryIcon} title={words.length > 0 ? 'Nothing matches' : 'No history yet'}>
          <p>
            {words.length > 0
              ? 'Take a filter away to see more.'
              : 'Each change of a key will stand here, with its reason.'}
          </p>
        </Empty>
      )}
      {data !== undefined && data.items.length > 0 && (
        <Card isBare>
          <ol className="events" aria-busy={isFetching}>
            {byVersion(data.items).map((entries) => (
              <Event key={entries[0]!.versionId} ns={ns} entries={entries} />
            ))}
          </ol>
        </Card>
      )}
      {data?.nextCursor && (
        <div className="acts after">
          <Button disabled={limit >= 1000} onClick={() => setLimit(limit + PAGE)}>
            Show older changes
          </Button>
        </div>
      )}
      <FromShell
        lines={[
          curl('history', { in: { ns }, query: { ...asked } }),
          command(ns, 'history', ...words.flatMap(([name, value]) => [`--${name}`, String(value)])),
        ]}
      />
    </>
  )
}

function queryOf(filters: URLSearchParams): HistoryQuery {
  const of = (name: (typeof NAMES)[number]): string => filters.get(name) ?? ''
  const time = (name: 'since' | 'until'): object =>
    Number.isNaN(Date.parse(of(name))) ? {} : { [name]: new Date(of(name)).toISOString() }
  return {
    ...(of('section') !== '' && { section: of('section') }),
    ...(of('key') !== '' && { key: of('key') }),
    ...(of('by') !== '' && { by: of('by') }),
    ...time('since'),
    ...time('until'),
  }
}

function Filter({
  name,
  label,
  filters,
  change,
  type = 'text',
  options,
}: {
  readonly name: (typeof NAMES)[number]
  readonly label: string
  readonly filters: URLSearchParams
  readonly change: (changes: Readonly<Record<string, string | null>>) => void
  readonly type?: string
  readonly options?: readonly string[]
}): ReactNode {
  return (
    <div className="field">
      <label className="label" htmlFor={`filter-${name}`}>
        {label}
      </label>
      <input
        id={`filter-${name}`}
        className="input"
        type={type}
        value={filters.get(name) ?? ''}
        list={options && `options-${name}`}
        onChange={(event) => change({ [name]: event.target.value })}
        {...(name === 'key' && { 'data-filter': true })}
      />
      {options && (
        <datalist id={`options-${name}`}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
    </div>
  )
}

const byVersion = (items: readonly HistoryEntry[]): readonly (readonly HistoryEntry[])[] => [
  ...Map.groupBy(items, ({ versionId }) => versionId).values(),
]

const MOST = 8

function Event({ ns, entries }: { readonly ns: string; readonly entries: readonly HistoryEntry[] }): ReactNode {
  const [isOpen, setOpen] = useState(false)
  const { versionId, changedAt, changedBy, sourceIp, reason, comment, layer } = entries[0]!
  const shown = isOpen ? entries : entries.slice(0, MOST)
  return (
    <li>
      <div className="when">
        <Link href={pageOf(ns, 'compare', { from: `${versionId}~1`, to: String(versionId) })}>v{versionId}</Link>
        <Time iso={changedAt} />
      </div>
      <div className="lines">
        <p>
          <strong>
            <Text text={changedBy} />
          </strong>
          {sourceIp !== null && <span className="faint"> from {sourceIp}</span>}
          {layer === 'base' && <Badge tone="blue">base moved</Badge>}
        </p>
        {reason !== null && (
          <p>
            <Text text={reason} />
          </p>
        )}
        {comment !== null && (
          <p className="faint">
            <Text text={comment} />
          </p>
        )}
        {shown.map((entry) => (
          <Entry key={entry.id} ns={ns} entry={entry} />
        ))}
        {entries.length > MOST && (
          <button type="button" className="more" onClick={() => setOpen(!isOpen)}>
            {isOpen ? 'fewer' : `${plural(entries.length - MOST, 'more key')}`}
          </button>
        )}
      </div>
    </li>
  )
}

function Entry({ ns, entry }: { readonly ns: string; readonly entry: HistoryEntry }): ReactNode {
  const path = printPath(fromSectionKey(entry))
  return (
    <Change before={entry.oldValue ?? undefined} after={entry.newValue ?? undefined}>
      <Link href={pageOf(ns, 'configuration', { key: path })}>
        <PathText path={path} />
      </Link>
    </Change>
  )
}
