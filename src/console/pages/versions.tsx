import { Flag, GitCompareArrows, Plus, RotateCcw, ScrollText, Tag, Undo2, X } from 'lucide-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { List } from '../../model/config.ts'
import type { Version } from '../../model/version.ts'
import { ask } from '../api/ask.ts'
import { readAgain } from '../api/live.tsx'
import { useAnswer, useSnapshot } from '../api/queries.ts'
import { useAccess } from '../api/session.tsx'
import { Badge, Button, Card, Empty, Failure, PageHead, Skeleton } from '../parts/basics.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { command, curl, FromShell } from '../parts/shell.tsx'
import { say, sayRefused } from '../parts/toasts.tsx'
import { Hash, Text, Time } from '../parts/values.tsx'
import { pageOf, useFilters } from '../state/address.ts'
import { GoBack } from './go-back.tsx'

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

export const CAUSE_WORDS: Readonly<Record<Version['cause'], string>> = {
  change: 'change',
  source: 'base moved',
  restore: 'restore',
  snapshot: 'snapshot',
  import: 'import',
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

function TagBadge({
  ns,
  tag,
  canWrite,
}: {
  readonly ns: string
  readonly tag: string
  readonly canWrite: boolean
}): ReactNode {
  const remove = (): void => {
    ask('untag', { in: { ns, ref: tag, tag } }).then(() => readAgain(ns), sayRefused)
  }
  return (
    <span className="badge accent tag">
      <Tag size={12} aria-hidden />
      {tag}
      {canWrite && (
        <button type="button" aria-label={`Take the tag ${tag} off`} onClick={remove}>
          <X size={12} aria-hidden />
        </button>
      )}
    </span>
  )
}

function NewTag({ ns, id }: { readonly ns: string; readonly id: number }): ReactNode {
  const [isOpen, setOpen] = useState(false)
  const [tag, setTag] = useState('')
  const [error, setError] = useState<unknown>(null)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    ask('tag', { in: { ns, ref: String(id), tag: tag.trim() } }).then(() => {
      readAgain(ns)
      setOpen(false)
      setTag('')
    }, setError)
  }
  return (
    <>
      <Button kind="ghost" isSmall icon={Tag} label={`Tag version ${id}`} onClick={() => setOpen(true)} />
      <Dialog title={`Name version ${id}`} isOpen={isOpen} close={() => setOpen(false)}>
        <form className="fields" onSubmit={submit}>
          <div className="field">
            <label className="label" htmlFor="tag">
              Tag
            </label>
            <input
              id="tag"
              className="input mono"
              required
              value={tag}
              onChange={(event) => setTag(event.target.value)}
            />
            <span className="hint">A name like release-7; it can be used wherever a version is asked for.</span>
          </div>
          {error !== null && <Failure what="Not tagged" error={error} />}
          <div className="acts">
            <Button type="submit" kind="primary" disabled={tag.trim() === ''}>
              Tag it
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  )
}

function SetBaseline({ ns, id }: { readonly ns: string; readonly id: number }): ReactNode {
  const declare = (): void => {
    ask('setBaseline', { in: { ns }, body: { ref: String(id) } }).then(() => {
      readAgain(ns)
      say(`v${id} is the baseline now`)
    }, sayRefused)
  }
  return (
    <Button kind="ghost" isSmall icon={Flag} label={`Declare version ${id} to be what is meant`} onClick={declare} />
  )
}

/** A version that changes nothing, with a name: before something risky. */
function NewVersion({ ns }: { readonly ns: string }): ReactNode {
  const [isOpen, setOpen] = useState(false)
  const [description, setDescription] = useState('')
  const [tag, setTag] = useState('')
  const [isBaseline, setBaseline] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const body = {
      ...(description.trim() !== '' && { description: description.trim() }),
      ...(tag.trim() !== '' && { tags: [tag.trim()] }),
      ...(isBaseline && { baseline: true }),
    }
    ask<Version>('createVersion', { in: { ns }, body }).then(({ id }) => {
      readAgain(ns)
      say(`v${id} keeps the configuration as it is`)
      setOpen(false)
    }, setError)
  }
  return (
    <>
      <Button kind="primary" icon={Plus} onClick={() => setOpen(true)}>
        Take a snapshot…
      </Button>
      <Dialog title="Take a snapshot" isOpen={isOpen} close={() => setOpen(false)}>
        <form className="fields" onSubmit={submit}>
          <div className="field">
            <label className="label" htmlFor="description">
              What it is for
            </label>
            <input
              id="description"
              className="input"
              placeholder="before enabling X"
              value={description}
              onChange={(event) => setDescription(event.target.value)}
            />
          </div>
          <div className="field">
            <label className="label" htmlFor="new-tag">
              Tag, if it should have a name
            </label>
            <input id="new-tag" className="input mono" value={tag} onChange={(event) => setTag(event.target.value)} />
          </div>
          <label className="check">
            <input type="checkbox" checked={isBaseline} onChange={(event) => setBaseline(event.target.checked)} />
            Declare it to be what is meant (the baseline)
          </label>
          {error !== null && <Failure what="No snapshot was taken" error={error} />}
          <div className="acts">
            <Button type="submit" kind="primary">
              Take it
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  )
}
