import { useVirtualizer } from '@tanstack/react-virtual'
import { FilePlus2, Plus } from 'lucide-react'
import { type ReactNode, useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import type { DriftEntry, Explanation } from '../../model/config.ts'
import { useDrift, useSection, useSnapshot } from '../api/queries.ts'
import { useAccess } from '../api/session.tsx'
import { Button, Empty, Failure, PageHead, Skeleton } from '../parts/basics.tsx'
import { command, curl, FromShell } from '../parts/shell.tsx'
import { Text } from '../parts/values.tsx'
import { useFilters } from '../state/address.ts'
import { type Draft, useDrafts } from '../state/drafts.ts'
import { type Leaf, leavesOf } from '../state/leaves.ts'
import { plural } from '../state/show.ts'
import { AddKey } from './add-key.tsx'
import { KeyPanel } from './key-panel.tsx'
import { KeyRow, ROW_HEIGHT } from './key-row.tsx'

type Line =
  | { readonly kind: 'section'; readonly section: string; readonly count: number; readonly overridden: number }
  | { readonly kind: 'key'; readonly leaf: Leaf }

const SHOWN = [
  ['', 'Everything'],
  ['overridden', 'Overridden'],
  ['attention', 'To look at'],
  ['staged', 'Staged'],
  ['secret', 'Secrets'],
] as const

/** Every key with its value and where that comes from; changed in place, collected, reviewed. */
export default function Configuration({ ns }: { readonly ns: string }): ReactNode {
  const { data: snapshot, error, refetch } = useSnapshot(ns)
  const { data: drift } = useDrift(ns, 'override')
  const drafts = useDrafts(ns)
  const [filters, change] = useFilters()
  const { may } = useAccess()
  const [text, setText] = useState(filters.get('filter') ?? '')
  const wanted = useDeferredValue(text.trim().toLowerCase())
  const show = filters.get('show') ?? ''
  const leaves = useMemo(() => (snapshot === undefined ? [] : leavesOf(snapshot)), [snapshot])
  const states = useMemo(() => new Map((drift ?? []).map((one) => [one.path, one])), [drift])
  const all = useMemo(() => withNew(leaves, drafts), [leaves, drafts])
  const found = useMemo(
    () => all.filter((leaf) => leaf.text.includes(wanted) && isShown(leaf, show, states, drafts)),
    [all, wanted, show, states, drafts],
  )
  const overridden = snapshot?.overrides.length ?? 0
  const canWrite = may('config:write', ns)
  const opened = filters.get('key')
  const open = useCallback((path: string | null) => change({ key: path }), [change])
  useEffect(() => {
    const timer = setTimeout(() => change({ filter: text }), 300)
    return () => clearTimeout(timer)
  }, [text, change])
  return (
    <>
      <PageHead
        title="Configuration"
        says={
          snapshot === undefined
            ? 'What is in effect, and where it comes from.'
            : `${plural(leaves.length, 'key')} in effect, ${overridden.toLocaleString()} overridden.`
        }
      >
        {canWrite && (
          <Button icon={Plus} onClick={() => change({ add: 'key' })}>
            Add a key…
          </Button>
        )}
      </PageHead>
      <search className="filters config-filters">
        <input
          data-filter
          className="input wide"
          type="search"
          aria-label="Filter keys and values"
          placeholder="Filter keys and values   /"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <nav className="tabs" aria-label="Which keys">
          {SHOWN.map(([name, word]) => (
            <button
              key={name}
              type="button"
              aria-current={show === name ? 'true' : undefined}
              onClick={() => change({ show: name })}
            >
              {word}
            </button>
          ))}
        </nav>
      </search>
      {error && <Failure what="The configuration cannot be read" error={error} retry={() => void refetch()} />}
      {snapshot === undefined && !error && <Skeleton lines={12} />}
      {snapshot !== undefined && found.length === 0 && (
        <Empty icon={FilePlus2} title={all.length === 0 ? 'No keys yet' : 'No key matches'}>
          <p>
            {all.length === 0
              ? 'Values from sources and overrides stand here. The first one can be added now.'
              : 'Neither a path nor a value has this in it.'}
          </p>
        </Empty>
      )}
      {found.length > 0 && (
        <List ns={ns} leaves={found} states={states} drafts={drafts} canWrite={canWrite} open={open} opened={opened} />
      )}
      <p className="hidden" role="status">
        {plural(found.length, 'key')} shown
      </p>
      <FromShell
        lines={[
          curl('readConfig', { in: { ns } }),
          command(ns, 'get'),
          command(ns, 'set', 'server.port=5050', '--reason', 'why'),
        ]}
      />
      {opened !== null && <KeyPanel ns={ns} path={opened} close={() => open(null)} />}
      {filters.get('add') === 'key' && <AddKey ns={ns} close={() => change({ add: null })} />}
    </>
  )
}

function isShown(
  { path, override, isSecret }: Leaf,
  show: string,
  states: ReadonlyMap<string, DriftEntry>,
  drafts: ReadonlyMap<string, Draft>,
): boolean {
  if (show === 'overridden') return override !== undefined
  if (show === 'attention') return (states.get(path)?.state ?? 'intentional') !== 'intentional'
  if (show === 'staged') return drafts.has(path)
  return show === 'secret' ? isSecret : true
}

/** Keys that are only staged have their row too. */
function withNew(leaves: readonly Leaf[], drafts: ReadonlyMap<string, Draft>): readonly Leaf[] {
  const known = new Set(leaves.map(({ path }) => path))
  const added = [...drafts.values()].filter(({ path }) => !known.has(path))
  if (added.length === 0) return leaves
  const rows = added.map(({ path, section, key, isSecret }) => ({
    path,
    section,
    key,
    isSecret,
    shown: '',
    text: path.toLowerCase(),
  }))
  return [...leaves, ...rows].sort((one, other) =>
    one.section === other.section ? 0 : one.section < other.section ? -1 : 1,
  )
}

function linesOf(leaves: readonly Leaf[]): readonly Line[] {
  const groups = Map.groupBy(leaves, ({ section }) => section)
  return [...groups].flatMap(([section, keys]): readonly Line[] => [
    { kind: 'section', section, count: keys.length, overridden: keys.filter(({ override }) => override).length },
    ...keys.map((leaf): Line => ({ kind: 'key', leaf })),
  ])
}

interface ListProps {
  readonly ns: string
  readonly leaves: readonly Leaf[]
  readonly states: ReadonlyMap<string, DriftEntry>
  readonly drafts: ReadonlyMap<string, Draft>
  readonly canWrite: boolean
  readonly open: (path: string) => void
  readonly opened: string | null
}

/** Only the rows in sight are drawn: ten thousand keys are as quick as ten. */
function List({ ns, leaves, states, drafts, canWrite, open, opened }: ListProps): ReactNode {
  const lines = useMemo(() => linesOf(leaves), [leaves])
  const place = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (i) => nameOf(lines[i]!),
    overscan: 12,
  })
  const items = rows.getVirtualItems()
  const sections = new Set(items.map(({ index }) => sectionOf(lines[index]!)))
  return (
    <div className="config" ref={place}>
      <div className="inner" style={{ height: rows.getTotalSize() }}>
        {[...sections].map((section) => (
          <SectionRows key={section} ns={ns} section={section}>
            {(known) =>
              items
                .filter(({ index }) => sectionOf(lines[index]!) === section)
                .map(({ index, key, start }) => (
                  <div
                    key={key}
                    ref={rows.measureElement}
                    data-index={index}
                    className="at"
                    style={{ transform: `translateY(${start}px)` }}
                  >
                    <LineView line={lines[index]!} known={known} {...{ ns, states, drafts, canWrite, open, opened }} />
                  </div>
                ))
            }
          </SectionRows>
        ))}
      </div>
    </div>
  )
}

const nameOf = (line: Line): string => (line.kind === 'section' ? `[${line.section}]` : line.leaf.path)

const sectionOf = (line: Line): string => (line.kind === 'section' ? line.section : line.leaf.section)

/** What is known of each key of a section that is in sight: asked when it comes there. */
function SectionRows({
  ns,
  section,
  children,
}: {
  readonly ns: string
  readonly section: string
  readonly children: (known: ReadonlyMap<string, Explanation>) => ReactNode
}): ReactNode {
  const { data } = useSection(ns, section, true)
  const known = useMemo(
    () => new Map(Array.isArray(data) ? data.map((one: Explanation) => [one.path, one]) : []),
    [data],
  )
  return children(known)
}

interface LineProps extends Omit<ListProps, 'leaves'> {
  readonly line: Line
  readonly known: ReadonlyMap<string, Explanation>
}

function LineView({ line, known, ns, states, drafts, canWrite, open, opened }: LineProps): ReactNode {
  if (line.kind === 'section') {
    return (
      <h2 className="section-line">
        <span className="mono">
          <Text text={line.section === '' ? '(no section)' : line.section} />
        </span>
        <span className="faint">
          {plural(line.count, 'key')}
          {line.overridden > 0 && ` · ${line.overridden} overridden`}
        </span>
      </h2>
    )
  }
  const { leaf } = line
  const explanation = known.get(leaf.path)
  const [state, draft] = [states.get(leaf.path), drafts.get(leaf.path)]
  return (
    <KeyRow
      ns={ns}
      leaf={leaf}
      canWrite={canWrite}
      open={open}
      isOpened={opened === leaf.path}
      {...(explanation && { explanation })}
      {...(state && { state })}
      {...(draft && { draft })}
    />
  )
}
