import { Download, ShieldAlert } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { AUDIT_EVENTS, type AuditEntry } from '../../../model/access.ts'
import { addressOf } from '../../api/ask.ts'
import { SLOW_MS, usePages } from '../../api/queries.ts'
import { Button, Empty, Failure, PageHead, Skeleton } from '../../parts/basics.tsx'
import { command, curl, FromShell } from '../../parts/shell.tsx'
import { useFilters } from '../../state/address.ts'
import { plural } from '../../state/show.ts'
import { type AuditFilterName, AuditFilters, FILTER_NAMES } from './audit-filters.tsx'
import { AuditTable } from './audit-table.tsx'
import { inDays } from './words.ts'

const PAGE = 100

type Query = Readonly<Partial<Record<AuditFilterName, string>>>

/** Who was refused, and who read or did what: filters live in the address, and go into what is exported. */
export default function Audit(): ReactNode {
  const [filters, change] = useFilters()
  const query = queryOf(filters)
  const { data, error, refetch, isFetching, hasNextPage, fetchNextPage } = usePages<AuditEntry>('audit', {
    query: { ...query, limit: PAGE },
    every: SLOW_MS,
  })
  const entries = data?.pages.flatMap(({ items }) => items)
  const isFiltered = Object.keys(query).length > 0
  return (
    <>
      <PageHead title="Audit" says={<Unusual />}>
        <Export query={query} format="csv" word="CSV" />
        <Export query={query} format="ndjson" word="JSON Lines" />
      </PageHead>
      <AuditFilters filters={filters} change={change} isFiltered={isFiltered} />
      {error && <Failure what="The audit log cannot be read" error={error} retry={() => void refetch()} />}
      {entries === undefined && !error && <Skeleton lines={10} />}
      {entries?.length === 0 && (
        <Empty icon={ShieldAlert} title={isFiltered ? 'Nothing matches' : 'Nothing was noted yet'}>
          <p>
            {isFiltered
              ? 'Take a filter away to see more.'
              : 'Refusals, reads of secrets, sign-ins, tokens and what concerns the store will stand here.'}
          </p>
        </Empty>
      )}
      {entries !== undefined && entries.length > 0 && <AuditTable entries={entries} isBusy={isFetching} />}
      {hasNextPage && (
        <div className="acts after">
          <Button disabled={isFetching} onClick={() => void fetchNextPage()}>
            {isFetching ? 'Loading…' : 'Show older entries'}
          </Button>
        </div>
      )}
      <FromShell lines={[curl('audit', { query }), command(query.namespace, 'audit', ...flagsOf(query))]} />
    </>
  )
}

const UNUSUAL = ['refused', 'new-address', 'refusal-burst'] as const
const MOST = 200

/** The sentence that answers whether something is odd: what of the last day one would want to know of. */
function Unusual(): ReactNode {
  const [since] = useState(() => inDays(-1))
  const refused = useDay('refused', since)
  const addresses = useDay('new-address', since)
  const bursts = useDay('refusal-burst', since)
  if (refused === undefined || addresses === undefined || bursts === undefined) return 'Who read or did what.'
  const words = [
    ...(bursts > 0 ? [plural(bursts, 'burst of refusals', 'bursts of refusals')] : []),
    ...(addresses > 0
      ? [plural(addresses, 'use of a token from a new address', 'uses of tokens from new addresses')]
      : []),
    ...(refused > 0 ? [plural(refused, 'refusal')] : []),
  ]
  return words.length === 0
    ? 'Nothing unusual in the last 24 hours: nobody was refused, no token came from a new address.'
    : `In the last 24 hours: ${words.join(', ')}.`
}

/** How often something unusual was noted since a time; `undefined` until that is known. */
function useDay(event: (typeof UNUSUAL)[number], since: string): number | undefined {
  const { data } = usePages<AuditEntry>('audit', { query: { event, since, limit: MOST }, every: SLOW_MS })
  return data?.pages[0]?.items.reduce((sum, { count }) => sum + count, 0)
}

/** A link and no button: the browser stores what comes, however long it is. */
function Export({
  query,
  format,
  word,
}: {
  readonly query: Query
  readonly format: 'csv' | 'ndjson'
  readonly word: string
}): ReactNode {
  return (
    <a className="button" href={addressOf('audit', { query: { ...query, format } })} download={`audit.${format}`}>
      <Download size={16} aria-hidden /> {word}
      <span className="hidden"> of all that the filters find</span>
    </a>
  )
}

function queryOf(filters: URLSearchParams): Query {
  const query: Partial<Record<AuditFilterName, string>> = {}
  for (const name of FILTER_NAMES) {
    const given = filters.get(name) ?? ''
    if (name === 'since' || name === 'until') {
      if (!Number.isNaN(Date.parse(given))) query[name] = new Date(given).toISOString()
    } else if (name === 'event') {
      if (AUDIT_EVENTS.some((event) => event === given)) query.event = given
    } else if (given !== '') query[name] = given
  }
  return query
}

const FLAGS: Readonly<Record<Exclude<AuditFilterName, 'namespace'>, string>> = {
  event: '--event',
  who: '--who',
  tokenId: '--token',
  sourceIp: '--ip',
  since: '--since',
  until: '--until',
}

const flagsOf = ({ namespace: _, ...query }: Query): readonly string[] =>
  Object.entries(query).flatMap(([name, value]) => [FLAGS[name as keyof typeof FLAGS], value])
