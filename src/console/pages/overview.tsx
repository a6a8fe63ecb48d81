import { CheckCircle2, CircleAlert, Clock, FileWarning, RotateCcw, Server } from 'lucide-react'
import { lazy, type ReactNode, Suspense } from 'react'
import { Link } from 'wouter'
import type { DriftEntry, SourceStatus } from '../../model/config.ts'
import type { Instance } from '../../model/instance.ts'
import { Refusal } from '../api/ask.ts'
import { useLive } from '../api/live.tsx'
import { useDrift, useInstances, useSnapshot, useSources, useVersions } from '../api/queries.ts'
import { Badge, Card, CopyButton, Failure, PageHead, Skeleton } from '../parts/basics.tsx'
import { command, curl, FromShell } from '../parts/shell.tsx'
import { Hash, Text, Time } from '../parts/values.tsx'
import { pageOf } from '../state/address.ts'
import { plural } from '../state/show.ts'
import { CAUSE_WORDS } from '../state/words.ts'
import { FirstRun } from './first-run.tsx'

const Chart = lazy(() => import('../parts/chart.tsx'))

interface Concern {
  readonly icon: typeof CircleAlert
  readonly tone: 'amber' | 'red' | 'blue'
  readonly text: string
  readonly href: string
}

/** What is live, what needs a person, what happened lately. */
export default function Overview({ ns }: { readonly ns: string }): ReactNode {
  const { data: snapshot, error, refetch } = useSnapshot(ns)
  const { data: overrides = [] } = useDrift(ns, 'override')
  const baseline = useDrift(ns, 'baseline')
  const { data: instances = [] } = useInstances(ns)
  const { data: sources = [] } = useSources(ns)
  const live = useLive()
  if (error) {
    const isUnknown = Refusal.is(error, 'not-found')
    return (
      <Failure
        what={isUnknown ? `There is no namespace ${ns}` : `The namespace ${ns} cannot be read`}
        error={error}
        retry={() => void refetch()}
      />
    )
  }
  if (snapshot === undefined) return <Skeleton lines={10} />
  const concerns = concernsOf(ns, { overrides, instances, sources })
  if (live.isStale) {
    concerns.unshift({
      icon: CircleAlert,
      tone: 'red',
      text: 'The server has no store now: changes are refused',
      href: pageOf(ns, ''),
    })
  }
  const { version } = snapshot
  const isNew = version === null || (snapshot.overrides.length === 0 && instances.length === 0)
  return (
    <>
      <PageHead
        title="Overview"
        says={
          concerns.length === 0
            ? 'All is well here: nothing needs you.'
            : `${plural(concerns.length, 'thing')} ${concerns.length === 1 ? 'needs' : 'need'} a person.`
        }
      />
      <div className="stack">
        {concerns.length > 0 && (
          <Card isBare>
            <ul className="concerns">
              {concerns.map(({ icon: Icon, tone, text, href }) => (
                <li key={text}>
                  <Link href={href}>
                    <Icon size={16} className={tone} aria-hidden /> <span>{text}</span>
                  </Link>
                </li>
              ))}
            </ul>
          </Card>
        )}
        {isNew && <FirstRun ns={ns} isEmpty={Object.keys(snapshot.config).length === 0} />}
        <div className="figures">
          <Figure name="Live version" href={pageOf(ns, 'versions')} value={version ? `v${version.id}` : 'none'}>
            {version && <Time iso={version.createdAt} />}
          </Figure>
          <Figure
            name="Overrides"
            href={pageOf(ns, 'drift', { show: 'override' })}
            value={overrides.length.toLocaleString()}
          >
            {stateWords(overrides)}
          </Figure>
          <Figure
            name="From the baseline"
            href={pageOf(ns, 'drift', { show: 'baseline' })}
            value={baseline.error ? '–' : (baseline.data?.length ?? 0).toLocaleString()}
          >
            {baseline.error ? 'no baseline yet' : 'keys differ'}
          </Figure>
          <Figure name="Instances" href={pageOf(ns, 'instances')} value={instances.length.toLocaleString()}>
            {instanceWords(instances)}
          </Figure>
        </div>
        <Card title="Changes over time">
          <Suspense fallback={<div className="chart" />}>
            <Activity ns={ns} />
          </Suspense>
        </Card>
        <div className="columns">
          <Recent ns={ns} />
          <div className="stack">
            <Sources ns={ns} sources={sources} />
            {version && (
              <Card title="Chain head">
                <p className="faint">Kept elsewhere, it shows if the newest versions are ever cut off.</p>
                <p className="acts one-line">
                  <code className="break">{version.chainHash}</code>
                  <CopyButton text={version.chainHash} what="the chain head" />
                </p>
                <p className="faint">
                  SHA-256 of the configuration <Hash hash={version.hash} />
                </p>
              </Card>
            )}
          </div>
        </div>
      </div>
      <FromShell lines={[curl('readConfig', { in: { ns } }), command(ns, 'get')]} />
    </>
  )
}

interface Seen {
  readonly overrides: readonly DriftEntry[]
  readonly instances: readonly Instance[]
  readonly sources: readonly SourceStatus[]
}

function concernsOf(ns: string, { overrides, instances, sources }: Seen): Concern[] {
  const state = (name: DriftEntry['state']): number => overrides.filter((one) => one.state === name).length
  const found: (Concern | false)[] = [
    ...sources
      .filter((one) => one.state === 'stale')
      .map((one) => ({
        icon: FileWarning,
        tone: 'red' as const,
        text: `${one.name} cannot be loaded: its last good content is used`,
        href: '/administration/sources',
      })),
    state('orphaned') > 0 && {
      icon: CircleAlert,
      tone: 'red',
      text: `${plural(state('orphaned'), 'override')} for keys that nobody knows any more`,
      href: pageOf(ns, 'drift', { show: 'attention' }),
    },
    state('stale') > 0 && {
      icon: Clock,
      tone: 'amber',
      text: `${plural(state('stale'), 'override')} over a base that has moved since`,
      href: pageOf(ns, 'drift', { show: 'attention' }),
    },
    count(instances, (one) => one.state === 'behind') > 0 && {
      icon: Server,
      tone: 'amber',
      text: `${plural(
        count(instances, (one) => one.state === 'behind'),
        'instance',
      )} behind the live version`,
      href: pageOf(ns, 'instances'),
    },
    count(instances, isWaiting) > 0 && {
      icon: RotateCcw,
      tone: 'amber',
      text: `${plural(count(instances, isWaiting), 'instance')} waiting for a restart`,
      href: pageOf(ns, 'instances'),
    },
    state('redundant') > 0 && {
      icon: CheckCircle2,
      tone: 'blue',
      text: `${plural(state('redundant'), 'override')} equal to the base: can end without effect`,
      href: pageOf(ns, 'drift', { show: 'attention' }),
    },
  ]
  return found.filter((one) => one !== false)
}

const isWaiting = ({ state, pendingRestart }: Instance): boolean => pendingRestart !== null && state !== 'gone'

const count = <T,>(all: readonly T[], is: (one: T) => boolean): number => all.filter(is).length

function stateWords(overrides: readonly DriftEntry[]): string {
  const doubtful = count(overrides, ({ state }) => state !== 'intentional')
  if (overrides.length === 0) return 'the base as it is'
  return doubtful === 0 ? 'all intentional' : `${doubtful} to look at`
}

function instanceWords(instances: readonly Instance[]): string {
  if (instances.length === 0) return 'none has reported'
  const current = count(instances, ({ state }) => state === 'current')
  return current === instances.length ? 'all current' : `${current} current`
}

function Figure({
  name,
  value,
  href,
  children,
}: {
  readonly name: string
  readonly value: string
  readonly href: string
  readonly children: ReactNode
}): ReactNode {
  return (
    <Link href={href} className="figure">
      <span className="name">{name}</span>
      <span className="number">{value}</span>
      <span className="faint">{children}</span>
    </Link>
  )
}

function Activity({ ns }: { readonly ns: string }): ReactNode {
  const { data } = useVersions(ns, 500)
  if (data === undefined) return <div className="chart" />
  return <Chart times={data.items.map(({ createdAt }) => createdAt)} />
}

const RECENT = 8

function Recent({ ns }: { readonly ns: string }): ReactNode {
  const { data, error } = useVersions(ns, RECENT)
  return (
    <Card
      title="Recent activity"
      isBare
      acts={
        <Link href={pageOf(ns, 'history')} className="button ghost small">
          All history
        </Link>
      }
    >
      {error && <Failure what="It cannot be read" error={error} />}
      {data === undefined && !error && <Skeleton />}
      <ul className="recent">
        {data?.items.map(({ id, description, createdBy, createdAt, cause, isBaseline, tags }) => (
          <li key={id}>
            <Link href={pageOf(ns, 'compare', { from: `${id}~1`, to: String(id) })}>v{id}</Link>
            <span className="grow">
              <Text text={description ?? CAUSE_WORDS[cause]} />
              <span className="faint">
                {' '}
                <Text text={createdBy} /> · <Time iso={createdAt} />
              </span>
            </span>
            {isBaseline && <Badge tone="blue">baseline</Badge>}
            {tags.map((tag) => (
              <Badge key={tag} tone="accent">
                {tag}
              </Badge>
            ))}
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Sources({ ns, sources }: { readonly ns: string; readonly sources: readonly SourceStatus[] }): ReactNode {
  return (
    <Card title="Base" isBare>
      {sources.length === 0 ? (
        <p className="body faint">
          No sources: all values are overrides. holdfast init --source FILE -n {ns} gives it a base.
        </p>
      ) : (
        <ul className="recent">
          {sources.map(({ name, kind, state, loadedAt, isPinned, error }) => (
            <li key={name}>
              <span className="grow">
                <span className="path">
                  <Text text={name} />
                </span>
                <span className="faint"> {loadedAt !== null && <Time iso={loadedAt} />}</span>
                {error !== null && (
                  <span className="faint lines">
                    <Text text={error} />
                  </span>
                )}
              </span>
              <Badge>{kind}</Badge>
              {isPinned && <Badge tone="blue">pinned</Badge>}
              {state === 'stale' ? <Badge tone="red">stale</Badge> : <Badge tone="accent">ok</Badge>}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
