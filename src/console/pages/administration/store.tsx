import { Eraser, KeyRound, ShieldCheck } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import type { Growth, NamespaceStats, Stats, VerifyResult } from '../../../model/admin.ts'
import { useAct } from '../../api/act.ts'
import { ask } from '../../api/ask.ts'
import { SLOW_MS, useAnswer } from '../../api/queries.ts'
import { useAccess } from '../../api/session.tsx'
import { Button, Card, Empty, Failure, PageHead, Skeleton } from '../../parts/basics.tsx'
import { command, curl, FromShell } from '../../parts/shell.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Tip } from '../../parts/tip.tsx'
import { PathText, Text, Time } from '../../parts/values.tsx'
import { pageOf } from '../../state/address.ts'
import { bytes, plural } from '../../state/show.ts'
import { Findings } from './findings.tsx'
import { Purge } from './purge.tsx'

/** How large the store is, what makes it grow, and whether it is what was written. */
export default function Store(): ReactNode {
  const { data, error, refetch } = useAnswer<Stats>(undefined, 'stats', { every: SLOW_MS })
  const { may } = useAccess()
  const [purging, setPurging] = useState<string | null>(null)
  const verifying = useAct()
  const [found, setFound] = useState<VerifyResult | null>(null)
  const verify = (): void => verifying.run(async () => setFound(await ask<VerifyResult>('verify')))
  return (
    <>
      <PageHead title="Store" says={data ? verdict(data) : 'How large it is, and whether it is what was written.'}>
        {may('admin', '*') && (
          <Button kind="primary" icon={ShieldCheck} disabled={verifying.isBusy} onClick={verify}>
            {verifying.isBusy ? 'Verifying…' : 'Verify now'}
          </Button>
        )}
      </PageHead>
      <div className="stack">
        {verifying.error !== null && <Failure what="Not verified" error={verifying.error} retry={verify} />}
        {found !== null && (
          <Card title="Verified">
            <Findings of="the store" result={found} />
          </Card>
        )}
        {error && <Failure what="The store cannot be measured" error={error} retry={() => void refetch()} />}
        {data === undefined && !error && <Skeleton lines={8} />}
        {data !== undefined && <Measured stats={data} purge={setPurging} />}
      </div>
      <FromShell lines={[curl('stats'), command(undefined, 'stats'), curl('verify'), command(undefined, 'verify')]} />
      {purging !== null && <Purge ns={purging} close={() => setPurging(null)} />}
    </>
  )
}

function verdict({ store, bytes: size, growth, namespaces }: Stats): ReactNode {
  const versions = namespaces.reduce((sum, one) => sum + one.versions, 0)
  return (
    <>
      <span className="mono">
        <Text text={store} />
      </span>{' '}
      has {bytes(size)} for {plural(versions, 'version')} of {plural(namespaces.length, 'namespace')}
      {growth !== null &&
        (growth.day > 0 ? `; it grew by ${bytes(growth.day)} in a day` : '; it has not grown in a day')}
      .
    </>
  )
}

function Measured({ stats, purge }: { readonly stats: Stats; readonly purge: (namespace: string) => void }): ReactNode {
  return (
    <>
      <Figures stats={stats} />
      <Namespaces all={stats.namespaces} purge={purge} />
      {stats.largestKeys.length > 0 ? (
        <Table
          title="Largest keys"
          columns={KEY_COLUMNS}
          rows={stats.largestKeys}
          keyOf={({ namespace, path }) => `${namespace} ${path}`}
          footer="In force now, by the bytes of their canonical text."
        />
      ) : (
        <Card title="Largest keys">
          <Empty icon={KeyRound} title="No keys yet">
            <p>The first change puts something here.</p>
          </Empty>
        </Card>
      )}
    </>
  )
}

function Figures({ stats: { bytes: size, freeBytes, walBytes, growth, schemaVersion } }: { readonly stats: Stats }) {
  return (
    <div className="figures">
      <Figure name="Size" says="All of the store, with what is free in it">
        {bytes(size)}
      </Figure>
      <Figure name="Free in it" says="Room that a purge left; it is filled before the store grows">
        {bytes(freeBytes)}
      </Figure>
      <Figure name="Write-ahead log" says="What was written last, before it goes into the store; 0 for PostgreSQL">
        {bytes(walBytes)}
      </Figure>
      <Figure name="Grew in an hour" says="Bytes that came into use in the last hour, or since the server began">
        {grown(growth, 'hour')}
      </Figure>
      <Figure name="Grew in a day" says="Bytes that came into use in the last day, or since the server began">
        {grown(growth, 'day')}
      </Figure>
      <Figure name="Schema of tables" says="Which form the store's tables have; a release that changes it says so">
        {schemaVersion}
      </Figure>
    </div>
  )
}

const grown = (growth: Growth | null, of: keyof Growth): string => (growth === null ? '–' : bytes(growth[of]))

const Figure = ({
  name,
  says,
  children,
}: {
  readonly name: string
  readonly says: string
  readonly children: ReactNode
}): ReactNode => (
  <Tip text={says}>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what the number means is in its tip, for the keyboard too */}
    <div className="figure" tabIndex={0}>
      <span className="name">{name}</span>
      <span className="number">{children}</span>
    </div>
  </Tip>
)

function Namespaces({
  all,
  purge,
}: {
  readonly all: readonly NamespaceStats[]
  readonly purge: (namespace: string) => void
}): ReactNode {
  const { may } = useAccess()
  const acts: Column<NamespaceStats> = {
    head: 'Actions',
    kind: 'acts',
    cell: ({ namespace }) =>
      may('admin', namespace) && (
        <Button isSmall icon={Eraser} aria-label={`Purge ${namespace}`} onClick={() => purge(namespace)}>
          Purge…
        </Button>
      ),
  }
  return (
    <Table title="Namespaces" columns={[...NAMESPACE_COLUMNS, acts]} rows={all} keyOf={({ namespace }) => namespace} />
  )
}

export const NAMESPACE_COLUMNS: readonly Column<NamespaceStats>[] = [
  {
    head: 'Namespace',
    cell: ({ namespace }) => (
      <Link href={pageOf(namespace, '')} className="mono">
        <Text text={namespace} />
      </Link>
    ),
  },
  { head: 'Versions', kind: 'number', cell: ({ versions }) => versions.toLocaleString() },
  { head: 'History', kind: 'number', cell: ({ history }) => history.toLocaleString() },
  { head: 'Overrides', kind: 'number', cell: ({ overrides }) => overrides.toLocaleString() },
  { head: 'Documents', kind: 'number', cell: ({ documentBytes }) => bytes(documentBytes) },
  { head: 'Oldest', cell: ({ oldest }) => <At iso={oldest} /> },
  { head: 'Newest', cell: ({ newest }) => <At iso={newest} /> },
]

const At = ({ iso }: { readonly iso: string | null }): ReactNode =>
  iso === null ? <span className="faint">none</span> : <Time iso={iso} />

const KEY_COLUMNS: readonly Column<Stats['largestKeys'][number]>[] = [
  {
    head: 'Key',
    cell: ({ namespace, path }) => (
      <Link href={pageOf(namespace, 'configuration', { key: path })}>
        <PathText path={path} />
      </Link>
    ),
  },
  {
    head: 'Namespace',
    cell: ({ namespace }) => (
      <span className="mono">
        <Text text={namespace} />
      </span>
    ),
  },
  { head: 'Size', kind: 'number', cell: ({ bytes: size }) => bytes(size) },
]
