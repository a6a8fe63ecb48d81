import { Ban, MapPin, Siren } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { AuditEntry, AuditEvent } from '../../../model/access.ts'
import { Badge, CopyButton } from '../../parts/basics.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Text, Time } from '../../parts/values.tsx'
import { useFilters } from '../../state/address.ts'
import type { AuditFilterName } from './audit-filters.tsx'

/** What one would want to be woken for, and why. */
const UNUSUAL: Partial<
  Readonly<Record<AuditEvent, { readonly tone: 'amber' | 'red'; readonly icon: typeof Ban; readonly says: string }>>
> = {
  refused: { tone: 'amber', icon: Ban, says: 'Somebody was not let in, or may not do what they asked for' },
  'new-address': { tone: 'amber', icon: MapPin, says: 'A token came from an address that it never came from before' },
  'refusal-burst': {
    tone: 'red',
    icon: Siren,
    says: '20 refusals or more of one token or address within a minute',
  },
}

const COLUMNS: readonly Column<AuditEntry>[] = [
  { head: 'When', cell: ({ at }) => <Time iso={at} /> },
  { head: 'Event', cell: Event },
  { head: 'Who', cell: Who },
  { head: 'Address', cell: ({ sourceIp }) => <Only name="sourceIp" value={sourceIp} isMono /> },
  { head: 'Namespace', cell: ({ namespace }) => <Only name="namespace" value={namespace} isMono /> },
  { head: 'What', cell: What },
  {
    head: 'Request',
    kind: 'acts',
    cell: ({ requestId }) => requestId !== null && <CopyButton text={requestId} what="the request id" />,
  },
]

export const AuditTable = ({
  entries,
  isBusy,
}: {
  readonly entries: readonly AuditEntry[]
  readonly isBusy: boolean
}): ReactNode => <Table columns={COLUMNS} rows={entries} keyOf={({ id }) => String(id)} isBusy={isBusy} />

function Event({ event, count }: AuditEntry): ReactNode {
  const odd = UNUSUAL[event]
  return (
    <div className="acts">
      {odd === undefined ? (
        <Badge>{event}</Badge>
      ) : (
        <Badge tone={odd.tone} icon={odd.icon} title={odd.says}>
          {event}
        </Badge>
      )}
      {count > 1 && <span className="faint">×{count.toLocaleString()}</span>}
    </div>
  )
}

function Who({ who, tokenId }: AuditEntry): ReactNode {
  return (
    <div className="lines narrow">
      <Only name="who" value={who} none="nobody known" />
      {tokenId !== null && (
        <span className="faint">
          <Only name="tokenId" value={tokenId} isMono />
        </span>
      )}
    </div>
  )
}

function What({ subject, detail }: AuditEntry): ReactNode {
  return (
    <div className="lines wide">
      {subject !== null && (
        <span className="mono">
          <Text text={subject} />
        </span>
      )}
      {detail !== null && (
        <span className={subject === null ? undefined : 'faint'}>
          <Text text={detail} />
        </span>
      )}
    </div>
  )
}

/** A value that leads to the entries that have it too. */
function Only({
  name,
  value,
  none = '–',
  isMono = false,
}: {
  readonly name: AuditFilterName
  readonly value: string | null
  readonly none?: string
  readonly isMono?: boolean
}): ReactNode {
  const [filters] = useFilters()
  if (value === null) return <span className="faint absent">{none}</span>
  filters.set(name, value)
  return (
    <Link href={`/administration/audit?${filters}`} className={`quiet-link ${isMono ? 'mono' : ''}`}>
      <Text text={value} />
    </Link>
  )
}
