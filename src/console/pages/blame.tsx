import { Users } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import { Link } from 'wouter'
import type { BlameEntry, HistoryEntry, List } from '../../model/config.ts'
import { fromSectionKey, printPath } from '../../model/path.ts'
import { useAnswer, useBlame } from '../api/queries.ts'
import { Card, Empty, Failure, PageHead, Skeleton } from '../parts/basics.tsx'
import { command, curl, FromShell } from '../parts/shell.tsx'
import { PathText, Text, Time, ValueText } from '../parts/values.tsx'
import { pageOf, useFilters } from '../state/address.ts'
import { plural } from '../state/show.ts'

const LOOKED_AT = 1000
const HEATS = 5

/** Who set each key last, with heat where much changes. */
export default function Blame({ ns }: { readonly ns: string }): ReactNode {
  const [filters, change] = useFilters()
  const { data, error, refetch } = useBlame(ns)
  const { data: recent } = useAnswer<List<HistoryEntry>>(ns, 'history', { query: { limit: LOOKED_AT } })
  const heat = useMemo(() => countsOf(recent?.items ?? []), [recent])
  const sections = useMemo(() => [...new Set((data ?? []).map(({ section }) => section))], [data])
  const asked = filters.get('section')
  const section = asked !== null && sections.includes(asked) ? asked : (sections[0] ?? '')
  const rows = (data ?? []).filter((one) => one.section === section)
  return (
    <>
      <PageHead
        title="Who set each key last"
        says={`How often a key changed is counted over the last ${plural(recent?.items.length ?? 0, 'change')}: the darker, the more often.`}
      >
        <Link className="button" href={pageOf(ns, 'history')}>
          History
        </Link>
      </PageHead>
      {error && <Failure what="It cannot be read" error={error} retry={() => void refetch()} />}
      {data === undefined && !error && <Skeleton lines={8} />}
      {data?.length === 0 && <Empty icon={Users} title="There are no keys yet" />}
      {rows.length > 0 && (
        <>
          <ul className="heat" aria-label="Sections">
            {sections.map((name) => {
              const count = (data ?? [])
                .filter((one) => one.section === name)
                .reduce((sum, { path }) => sum + (heat.get(path) ?? 0), 0)
              return (
                <li key={name}>
                  <button
                    type="button"
                    className={`heat-${level(count, heat)}`}
                    aria-pressed={name === section}
                    onClick={() => change({ section: name })}
                  >
                    <Text text={name === '' ? '(no section)' : name} /> <span>{count}</span>
                  </button>
                </li>
              )
            })}
          </ul>
          <Card isBare>
            <div className="scroll">
              <table className="table">
                <thead>
                  <tr>
                    <th>Key</th>
                    <th>Value</th>
                    <th>Set by</th>
                    <th>Why</th>
                    <th>Version</th>
                    <th>Changes</th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((entry) => (
                    <Row
                      key={entry.path}
                      ns={ns}
                      entry={entry}
                      count={heat.get(entry.path) ?? 0}
                      level={level(heat.get(entry.path) ?? 0, heat)}
                    />
                  ))}
                </tbody>
              </table>
            </div>
          </Card>
        </>
      )}
      <FromShell
        lines={[
          curl('blame', { in: { ns }, query: { section } }),
          command(ns, 'blame', ...(section === '' ? [] : [section])),
        ]}
      />
    </>
  )
}

function Row({
  ns,
  entry,
  count,
  level: heat,
}: {
  readonly ns: string
  readonly entry: BlameEntry
  readonly count: number
  readonly level: number
}): ReactNode {
  return (
    <tr>
      <td>
        <Link href={pageOf(ns, 'configuration', { key: entry.path })}>
          <PathText path={entry.path} />
        </Link>
      </td>
      <td>
        <ValueText value={entry.value} />
      </td>
      <td>
        {entry.who === null ? (
          <span className="faint">
            <Text text={entry.layer} />
            {entry.position && `:${entry.position.line}`}
          </span>
        ) : (
          <>
            <Text text={entry.who} /> {entry.when !== null && <Time iso={entry.when} />}
          </>
        )}
      </td>
      <td>{entry.why !== null && <Text text={entry.why} />}</td>
      <td>
        {entry.version !== null && (
          <Link href={pageOf(ns, 'compare', { from: `${entry.version}~1`, to: String(entry.version) })}>
            v{entry.version}
          </Link>
        )}
      </td>
      <td>
        <span className={`heat-mark heat-${heat}`}>{count}</span>
      </td>
    </tr>
  )
}

function countsOf(items: readonly HistoryEntry[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const entry of items) {
    const path = printPath(fromSectionKey(entry))
    counts.set(path, (counts.get(path) ?? 0) + 1)
  }
  return counts
}

/** 0 to 4, by the key that changed most. */
function level(count: number, counts: ReadonlyMap<string, number>): number {
  const most = Math.max(1, ...counts.values())
  return count === 0 ? 0 : Math.min(HEATS - 1, Math.ceil((count / most) * (HEATS - 1)))
}
