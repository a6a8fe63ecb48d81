import { useQuery } from '@tanstack/react-query'
import { ArrowLeftRight, Download, Equal } from 'lucide-react'
import { lazy, type ReactNode, Suspense } from 'react'
import { Link } from 'wouter'
import type { Version } from '../../model/version.ts'
import { addressOf, open } from '../api/ask.ts'
import { useComparison, useVersions } from '../api/queries.ts'
import { Button, Card, Empty, Failure, PageHead, Skeleton } from '../parts/basics.tsx'
import { command, curl, FromShell } from '../parts/shell.tsx'
import { Change, Hash, PathText, Text, Time } from '../parts/values.tsx'
import { pageOf, useFilters } from '../state/address.ts'
import { plural } from '../state/show.ts'

const Merge = lazy(() => import('../parts/merge.tsx'))

const VIEWS = [
  ['keys', 'Keys'],
  ['side', 'Side by side'],
  ['inline', 'Inline'],
] as const

const FORMATS = ['yaml', 'json', 'toml', 'ini', 'properties', 'env'] as const

/** Any two versions: as keys, or as configuration in any format. */
export default function Compare({ ns }: { readonly ns: string }): ReactNode {
  const [filters, change] = useFilters()
  const from = filters.get('from') ?? 'latest~1'
  const to = filters.get('to') ?? 'latest'
  const view = filters.get('view') ?? 'keys'
  const format = filters.get('format') ?? 'yaml'
  const { data, error, refetch } = useComparison(ns, from, to)
  return (
    <>
      <PageHead
        title="Compare"
        says={
          data === undefined
            ? 'What changed from one version to another.'
            : data.changes.length === 0
              ? `v${data.from.id} and v${data.to.id} are equal.`
              : `${plural(data.changes.length, 'key differs', 'keys differ')} from v${data.from.id} to v${data.to.id}.`
        }
      >
        {data && (
          <Link className="button" href={pageOf(ns, 'versions', { restore: String(data.from.id) })}>
            Restore v{data.from.id}…
          </Link>
        )}
        <Downloads ns={ns} version={to} format={format} />
      </PageHead>
      <search className="filters">
        <Pick ns={ns} label="From" value={from} pick={(value) => change({ from: value })} />
        <Button icon={ArrowLeftRight} label="The other way round" onClick={() => change({ from: to, to: from })} />
        <Pick ns={ns} label="To" value={to} pick={(value) => change({ to: value })} />
        {view !== 'keys' && (
          <div className="field">
            <label className="label" htmlFor="format">
              Format
            </label>
            <select
              id="format"
              className="input"
              value={format}
              onChange={(event) => change({ format: event.target.value })}
            >
              {FORMATS.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </div>
        )}
      </search>
      <nav className="tabs" aria-label="Views">
        {VIEWS.map(([name, word]) => (
          <button
            key={name}
            type="button"
            aria-current={view === name ? 'true' : undefined}
            onClick={() => change({ view: name })}
          >
            {word}
          </button>
        ))}
      </nav>
      {error && <Failure what="They cannot be compared" error={error} retry={() => void refetch()} />}
      {data === undefined && !error && <Skeleton lines={6} />}
      {data && (
        <div className="columns two">
          <About version={data.from} word="From" />
          <About version={data.to} word="To" />
        </div>
      )}
      {data && view === 'keys' && <Keys ns={ns} changes={data.changes} />}
      {data && view !== 'keys' && (
        <AsText ns={ns} versions={[data.from.id, data.to.id]} format={format} isInline={view === 'inline'} />
      )}
      <FromShell lines={[curl('compare', { in: { ns }, query: { from, to } }), command(ns, 'compare', from, to)]} />
    </>
  )
}

/** A version by number, tag, `latest`, `baseline`, time or hash; the newest ones to choose from. */
function Pick({
  ns,
  label,
  value,
  pick,
}: {
  readonly ns: string
  readonly label: string
  readonly value: string
  readonly pick: (value: string) => void
}): ReactNode {
  const { data } = useVersions(ns)
  const id = `pick-${label}`
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        key={value}
        className="input mono"
        list={`${id}-list`}
        defaultValue={value}
        onBlur={(event) => event.target.value !== value && pick(event.target.value)}
        onChange={(event) => (event.nativeEvent as InputEvent).inputType === undefined && pick(event.target.value)}
        onKeyDown={(event) => event.key === 'Enter' && pick(event.currentTarget.value)}
      />
      <datalist id={`${id}-list`}>
        <option value="latest" />
        <option value="baseline" />
        {data?.items.map(({ id: number, description, tags }) => (
          <option key={number} value={String(number)}>
            {[...tags, description ?? ''].join(' ')}
          </option>
        ))}
      </datalist>
    </div>
  )
}

function About({ version, word }: { readonly version: Version; readonly word: string }): ReactNode {
  return (
    <div className="about">
      <span className="faint">{word}</span> <strong>v{version.id}</strong> <Hash hash={version.hash} />
      <div className="faint">
        <Text text={version.description ?? 'no reason given'} /> · <Text text={version.createdBy} /> ·{' '}
        <Time iso={version.createdAt} />
      </div>
    </div>
  )
}

function Keys({
  ns,
  changes,
}: {
  readonly ns: string
  readonly changes: NonNullable<ReturnType<typeof useComparison>['data']>['changes']
}): ReactNode {
  if (changes.length === 0) {
    return (
      <Empty icon={Equal} title="No key differs">
        <p>The two versions have the same hash, or differ only in names and times.</p>
      </Empty>
    )
  }
  return (
    <Card isBare>
      <ul className="differences">
        {changes.map(({ path, before, after }) => (
          <li key={path}>
            <Change before={before} after={after}>
              <Link href={pageOf(ns, 'configuration', { key: path })}>
                <PathText path={path} />
              </Link>
            </Change>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function AsText({
  ns,
  versions: [from, to],
  format,
  isInline,
}: {
  readonly ns: string
  readonly versions: readonly [number, number]
  readonly format: string
  readonly isInline: boolean
}): ReactNode {
  const before = useText(ns, from, format)
  const after = useText(ns, to, format)
  const error = before.error ?? after.error
  if (error) return <Failure what={`It cannot be written as ${format}`} error={error} />
  if (before.data === undefined || after.data === undefined) return <Skeleton lines={8} />
  return (
    <Suspense fallback={<Skeleton lines={8} />}>
      <Merge key={`${format} ${from} ${to} ${isInline}`} before={before.data} after={after.data} isInline={isInline} />
    </Suspense>
  )
}

const useText = (ns: string, at: number, format: string) =>
  useQuery({
    queryKey: [ns, 'text', at, format],
    queryFn: async () => (await open('readConfig', { in: { ns }, query: { at, format } })).text(),
  })

function Downloads({
  ns,
  version,
  format,
}: {
  readonly ns: string
  readonly version: string
  readonly format: string
}): ReactNode {
  const file = `${ns}-${version.replaceAll(/[^\w.-]/g, '_')}.${format}`
  return (
    <a
      className="button"
      download={file}
      href={addressOf('readConfig', { in: { ns }, query: { at: version, format } })}
    >
      <Download size={16} aria-hidden /> Download {version} as {format}
    </a>
  )
}
