import { CheckCircle2, Database, Pin, RefreshCw, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { NamespaceStats } from '../../../model/admin.ts'
import type { SourceStatus } from '../../../model/config.ts'
import { useAct } from '../../api/act.ts'
import { ask } from '../../api/ask.ts'
import { readAgain } from '../../api/live.tsx'
import { useAnswer, useSources } from '../../api/queries.ts'
import { useAccess } from '../../api/session.tsx'
import { Badge, Button, Code, Empty, Failure, PageHead, Skeleton } from '../../parts/basics.tsx'
import { SelectField } from '../../parts/fields.tsx'
import { curl, FromShell } from '../../parts/shell.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { say } from '../../parts/toasts.tsx'
import { Text, Time } from '../../parts/values.tsx'
import { chosenOf, useFilters } from '../../state/address.ts'
import { plural } from '../../state/show.ts'

/** Where base values come from, and whether they can still be read. */
export default function Sources(): ReactNode {
  const { data, error, refetch } = useAnswer<readonly NamespaceStats[]>(undefined, 'listNamespaces')
  const [filters, change] = useFilters()
  const names = data?.map(({ namespace }) => namespace)
  const ns = filters.get('ns') ?? chosenOf(names)
  return (
    <>
      {ns === undefined ? <PageHead title="Sources" says="Where base values come from." /> : <Head key={ns} ns={ns} />}
      {error && <Failure what="The namespaces cannot be read" error={error} retry={() => void refetch()} />}
      {names === undefined && !error && <Skeleton lines={4} />}
      {names !== undefined && names.length > 1 && (
        <div className="filters">
          <SelectField
            label="Namespace"
            value={ns ?? ''}
            set={(one) => change({ ns: one })}
            options={[...new Set([...(ns === undefined ? [] : [ns]), ...names])].map((one) => [one, one])}
          />
        </div>
      )}
      {names !== undefined && ns !== undefined && <List key={ns} ns={ns} />}
      {names !== undefined && ns === undefined && (
        <Empty icon={Database} title="No namespace that you may see">
          <p>
            Sources belong to a namespace: <Link href="/administration/namespaces">create one</Link>, or name one in
            holdfast.yaml.
          </p>
        </Empty>
      )}
    </>
  )
}

function Head({ ns }: { readonly ns: string }): ReactNode {
  const { data } = useSources(ns)
  return (
    <PageHead title="Sources" says={data ? verdict(ns, data) : `Where the base values of ${ns} come from.`}>
      <Reload ns={ns} />
    </PageHead>
  )
}

function verdict(ns: string, all: readonly SourceStatus[]): string {
  if (all.length === 0) return `${ns} has no sources: its base is empty.`
  const stale = all.filter(({ state }) => state === 'stale').length
  const count = `${plural(all.length, 'source')} of ${ns}`
  return stale === 0
    ? `All is well: ${count} ${all.length === 1 ? 'was' : 'were'} read as ${all.length === 1 ? 'it is' : 'they are'}.`
    : `${stale} of ${count} cannot be read: what it said last is still in effect.`
}

function Reload({ ns }: { readonly ns: string }): ReactNode {
  const { may } = useAccess()
  const { isBusy, error, run } = useAct()
  if (!may('config:write', ns)) return null
  const reload = async (): Promise<void> => {
    const found = await ask<readonly SourceStatus[]>('reloadSources', { in: { ns } })
    const stale = found.filter(({ state }) => state === 'stale').length
    say(stale === 0 ? `${plural(found.length, 'source')} read again` : `${plural(stale, 'source')} cannot be read`)
    readAgain(ns)
  }
  return (
    <>
      <Button kind="primary" icon={RefreshCw} disabled={isBusy} onClick={() => run(reload)}>
        {isBusy ? 'Reloading…' : 'Reload now'}
      </Button>
      {error !== null && <Failure what="Not reloaded. What was read before is in effect" error={error} />}
    </>
  )
}

const KINDS: Readonly<Record<SourceStatus['kind'], string>> = {
  file: 'file',
  env: 'environment',
  url: 'URL',
  inline: 'holdfast.yaml itself',
}

const COLUMNS: readonly Column<SourceStatus>[] = [
  { head: 'Source', cell: Name },
  { head: 'State', cell: State },
  { head: 'Kind', cell: ({ kind }) => KINDS[kind] },
  { head: 'Loaded', cell: ({ loadedAt }) => <At iso={loadedAt} /> },
  { head: 'Checked', cell: ({ checkedAt }) => <At iso={checkedAt} /> },
]

function List({ ns }: { readonly ns: string }): ReactNode {
  const { data, error, refetch } = useSources(ns)
  return (
    <>
      {error && <Failure what="The sources cannot be read" error={error} retry={() => void refetch()} />}
      {data === undefined && !error && <Skeleton lines={4} />}
      {data?.length === 0 && <None ns={ns} />}
      {data !== undefined && data.length > 0 && (
        <Table
          columns={COLUMNS}
          rows={data}
          keyOf={({ name, kind }) => `${kind} ${name}`}
          footer="Later ones win over earlier ones; overrides win over all of them."
        />
      )}
      <FromShell lines={[curl('listSources', { in: { ns } }), curl('reloadSources', { in: { ns } })]} />
    </>
  )
}

function Name({ name, isPinned }: SourceStatus): ReactNode {
  return (
    <div className="acts narrow">
      <span className="mono">
        <Text text={name} />
      </span>
      {isPinned && (
        <Badge tone="blue" icon={Pin} title="Overrides cannot win over what it says">
          pinned
        </Badge>
      )}
    </div>
  )
}

function State({ state, error }: SourceStatus): ReactNode {
  if (state === 'ok') {
    return (
      <Badge tone="accent" icon={CheckCircle2}>
        read
      </Badge>
    )
  }
  return (
    <div className="lines wide">
      <Badge tone="amber" icon={TriangleAlert}>
        stale
      </Badge>
      {error !== null && <Text text={error} />}
    </div>
  )
}

const At = ({ iso }: { readonly iso: string | null }): ReactNode =>
  iso === null ? <span className="faint">never</span> : <Time iso={iso} />

const None = ({ ns }: { readonly ns: string }): ReactNode => (
  <Empty icon={Database} title="No sources">
    <p>Files, variables and addresses named in holdfast.yaml on the server are the base that overrides lie upon:</p>
    <Code text={`namespaces:\n  ${ns}:\n    sources: [service.conf]`} what="the lines of holdfast.yaml" />
  </Empty>
)
