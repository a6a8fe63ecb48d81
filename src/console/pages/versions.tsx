import { Flag, GitCompareArrows, RotateCcw, ScrollText, Undo2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { List } from '../../model/config.ts'
import type { Version } from '../../model/version.ts'
import { useAnswer, useSnapshot } from '../api/queries.ts'
import { useAccess } from '../api/session.tsx'
import { Badge, Button, Card, Empty, Failure, PageHead, Skeleton } from '../parts/basics.tsx'
import { command, curl, FromShell } from '../parts/shell.tsx'
import { Hash, Text, Time } from '../parts/values.tsx'
import { pageOf, useFilters } from '../state/address.ts'
import { CAUSE_WORDS } from '../state/words.ts'
import { GoBack } from './go-back.tsx'
import { NewTag, NewVersion, SetBaseline, TagBadge } from './version-acts.tsx'

const PAGE = 50

/** Every version, newest first: named, compared, restored, reverted. */
export default function Versions({ ns }: { readonly ns: string }): ReactNode {
  const [filters, change] = useFilters()
  const [picked, setPicked] = useState<readonly number[]>([])
  const [limit, setLimit] = useState(PAGE)
  const { data, error, refetch } = useAnswer<List<Version>>(ns, 'listVersions', { query: { limit } })
  const { data: snapshot } = useSnapshot(ns)
  const { may } = useAccess()
  const canWrite = may('config:write', ns)
  const restoring = filters.get('restore')
  const reverting = filters.get('revert')
  const live = snapshot?.version
  const pick = (id: number): void =>
    setPicked((now) => (now.includes(id) ? now.filter((one) => one !== id) : [...now.slice(-1), id]))
  return (
    <>
      <PageHead
        title="Versions"
        says={
          live
            ? `v${live.id} is live. Every version before it can be read, compared and brought back.`
            : 'Nothing was committed here yet.'
        }
      >
        <CompareButton ns={ns} picked={picked} />
        {canWrite && <NewVersion ns={ns} />}
      </PageHead>
      {error && <Failure what="The versions cannot be read" error={error} retry={() => void refetch()} />}
      {data === undefined && !error && <Skeleton lines={8} />}
      {data?.items.length === 0 && (
        <Empty icon={ScrollText} title="No versions yet">
          <p>The first change makes the first one.</p>
        </Empty>
      )}
      {data !== undefined && data.items.length > 0 && (
        <Card isBare>
          <ol className="timeline">
            {data.items.map((version) => (
              <Row
                key={version.id}
                ns={ns}
                version={version}
                isLive={version.id === live?.id}
                isFirst={data.nextCursor === null && version === data.items.at(-1)}
                canWrite={canWrite}
                isPicked={picked.includes(version.id)}
                pick={() => pick(version.id)}
              />
            ))}
          </ol>
        </Card>
      )}
      {data?.nextCursor && (
        <div className="acts after">
          <Button onClick={() => setLimit(limit + PAGE)} disabled={limit >= 1000}>
            Show older versions
          </Button>
        </div>
      )}
      <FromShell
        lines={[
          curl('listVersions', { in: { ns } }),
          command(ns, 'versions'),
          command(ns, 'restore', 'baseline', '--dry-run'),
        ]}
      />
      {restoring !== null && (
        <GoBack ns={ns} kind="restore" versionRef={restoring} close={() => change({ restore: null })} />
      )}
      {reverting !== null && (
        <GoBack ns={ns} kind="revert" versionRef={reverting} close={() => change({ revert: null })} />
      )}
    </>
  )
}

function CompareButton({ ns, picked }: { readonly ns: string; readonly picked: readonly number[] }): ReactNode {
  const [, go] = useLocation()
  const [from, to] = picked.toSorted((one, other) => one - other)
  const isReady = from !== undefined && to !== undefined
  return (
    <Button
      icon={GitCompareArrows}
      disabled={!isReady}
      onClick={() => isReady && go(pageOf(ns, 'compare', { from: String(from), to: String(to) }))}
    >
      {isReady ? `Compare v${from} with v${to}` : 'Tick two to compare'}
    </Button>
  )
}

function Row({
  ns,
  version,
  isLive,
  isFirst,
  canWrite,
  isPicked,
  pick,
}: {
  readonly ns: string
  readonly version: Version
  readonly isLive: boolean
  /** The first version has nothing before it that it could be undone to. */
  readonly isFirst: boolean
  readonly canWrite: boolean
  readonly isPicked: boolean
  readonly pick: () => void
}): ReactNode {
  const { id, hash, createdAt, createdBy, description, cause, isBaseline, tags } = version
  return (
    <li className={isLive ? 'live-row' : ''}>
      <input type="checkbox" checked={isPicked} onChange={pick} aria-label={`Pick version ${id} to compare`} />
      <span className="dot" aria-hidden />
      <div className="what">
        <div className="acts">
          <Link href={pageOf(ns, 'compare', { from: `${id}~1`, to: String(id) })} className="id">
            v{id}
          </Link>
          <Hash hash={hash} />
          {isLive && <Badge tone="accent">live</Badge>}
          {isBaseline && (
            <Badge tone="blue" icon={Flag}>
              baseline
            </Badge>
          )}
          {tags.map((tag) => (
            <TagBadge key={tag} ns={ns} tag={tag} canWrite={canWrite} />
          ))}
          <span className="badge">{CAUSE_WORDS[cause]}</span>
        </div>
        <p>
          <Text text={description ?? 'no reason given'} />
        </p>
        <p className="faint">
          <Text text={createdBy} /> · <Time iso={createdAt} />
        </p>
      </div>
      {canWrite && (
        <div className="acts row-acts">
          <NewTag ns={ns} id={id} />
          {!isBaseline && <SetBaseline ns={ns} id={id} />}
          {!isFirst && (
            <Link className="button small" href={pageOf(ns, 'versions', { revert: String(id) })}>
              <Undo2 size={16} aria-hidden /> Revert
            </Link>
          )}
          {!isLive && (
            <Link className="button small" href={pageOf(ns, 'versions', { restore: String(id) })}>
              <RotateCcw size={16} aria-hidden /> Restore
            </Link>
          )}
        </div>
      )}
    </li>
  )
}
