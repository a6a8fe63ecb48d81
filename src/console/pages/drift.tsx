import { Check, GitCompareArrows, Undo2 } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { Link } from 'wouter'
import type { DriftEntry } from '../../model/config.ts'
import type { Version } from '../../model/version.ts'
import { ask } from '../api/ask.ts'
import { readAgain } from '../api/live.tsx'
import { useDrift, useSnapshot } from '../api/queries.ts'
import { useAccess } from '../api/session.tsx'
import { Badge, Button, Card, Empty, Failure, PageHead, Skeleton } from '../parts/basics.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { command, curl, FromShell } from '../parts/shell.tsx'
import { say, sayRefused } from '../parts/toasts.tsx'
import { PathText, Text, Time, ValueText } from '../parts/values.tsx'
import { pageOf, useFilters } from '../state/address.ts'
import { stage } from '../state/drafts.ts'
import { plural } from '../state/show.ts'
import { STATES } from '../state/words.ts'

/** What is known of one key, over all kinds of drift. */
interface Verdict {
  readonly path: string
  readonly override?: DriftEntry
  readonly baseline?: DriftEntry
  readonly instances: readonly DriftEntry[]
}

/** Where what runs differs from what is meant: one verdict per key. */
export default function Drift({ ns }: { readonly ns: string }): ReactNode {
  const override = useDrift(ns, 'override')
  const baseline = useDrift(ns, 'baseline')
  const instance = useDrift(ns, 'instance')
  const [filters, change] = useFilters()
  const only = filters.get('show') ?? 'all'
  const verdicts = useMemo(
    () => judged(override.data ?? [], baseline.data ?? [], instance.data ?? []),
    [override.data, baseline.data, instance.data],
  )
  const shown = verdicts.filter((one) => isIn(one, only))
  const error = override.error ?? baseline.error ?? instance.error
  const isAsking = override.data === undefined
  const hasBaseline = !(baseline.error && 'code' in baseline.error && baseline.error.code === 'not-found')
  const trouble = hasBaseline ? error : (override.error ?? instance.error)
  return (
    <>
      <PageHead title="Drift" says={isAsking ? 'Where what runs differs from what is meant.' : summary(verdicts)}>
        <AcceptBaseline ns={ns} count={baseline.data?.length ?? 0} hasBaseline={hasBaseline} />
      </PageHead>
      <nav className="tabs" aria-label="Kinds of drift">
        {FILTERS.map(([name, word]) => (
          <button
            key={name}
            type="button"
            aria-current={only === name ? 'true' : undefined}
            onClick={() => change({ show: name === 'all' ? null : name })}
          >
            {word} <span className="faint">{verdicts.filter((one) => isIn(one, name)).length}</span>
          </button>
        ))}
      </nav>
      {trouble && <Failure what="Drift cannot be read" error={trouble} retry={() => void override.refetch()} />}
      {isAsking && !trouble && <Skeleton lines={6} />}
      {!isAsking && shown.length === 0 && (
        <Empty icon={GitCompareArrows} title={only === 'all' ? 'Nothing differs' : 'Nothing of this kind'}>
          <p>Overrides over the base, differences from the baseline, and instances that lag are listed here.</p>
        </Empty>
      )}
      {shown.length > 0 && (
        <Card isBare>
          <div className="scroll">
            <table className="table">
              <thead>
                <tr>
                  <th>Key</th>
                  <th>Verdict</th>
                  <th>Meant</th>
                  <th>Runs</th>
                  <th>Set by</th>
                  <th className="acts">
                    <span className="hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {shown.map((one) => (
                  <Row key={one.path} ns={ns} verdict={one} />
                ))}
              </tbody>
            </table>
          </div>
        </Card>
      )}
      <FromShell
        lines={[
          curl('drift', { in: { ns }, query: { kind: 'override' } }),
          command(ns, 'drift', '--detail'),
          command(ns, 'drift', '--kind', 'baseline'),
        ]}
      />
    </>
  )
}

const FILTERS = [
  ['all', 'All'],
  ['attention', 'To look at'],
  ['override', 'Overrides'],
  ['baseline', 'From the baseline'],
  ['instance', 'Instances'],
] as const

const needsLook = ({ override, instances }: Verdict): boolean =>
  (override !== undefined && override.state !== 'intentional') || instances.length > 0

function isIn(one: Verdict, filter: string): boolean {
  if (filter === 'attention') return needsLook(one)
  if (filter === 'override') return one.override !== undefined
  if (filter === 'baseline') return one.baseline !== undefined
  if (filter === 'instance') return one.instances.length > 0
  return true
}

function judged(...kinds: readonly (readonly DriftEntry[])[]): readonly Verdict[] {
  const byPath = Map.groupBy(kinds.flat(), ({ path }) => path)
  const of = (entries: readonly DriftEntry[], kind: DriftEntry['kind']): readonly DriftEntry[] =>
    entries.filter((one) => one.kind === kind)
  const all = [...byPath].map(([path, entries]): Verdict => {
    const [override] = of(entries, 'override')
    const [baseline] = of(entries, 'baseline')
    return { path, ...(override && { override }), ...(baseline && { baseline }), instances: of(entries, 'instance') }
  })
  return all.sort((one, other) => Number(needsLook(other)) - Number(needsLook(one)) || (one.path < other.path ? -1 : 1))
}

function summary(all: readonly Verdict[]): string {
  const look = all.filter(needsLook).length
  if (all.length === 0) return 'All is well: what runs is what the base and the baseline say.'
  return look === 0
    ? `${plural(all.length, 'key differs', 'keys differ')}, each on purpose.`
    : `${plural(look, 'key')} to look at, of ${all.length} that ${all.length === 1 ? 'differs' : 'differ'}.`
}

function Row({ ns, verdict }: { readonly ns: string; readonly verdict: Verdict }): ReactNode {
  const { path, override, baseline, instances } = verdict
  const entry = override ?? baseline ?? instances[0]!
  return (
    <tr>
      <td>
        <Link href={pageOf(ns, 'configuration', { key: path })}>
          <PathText path={path} />
        </Link>
      </td>
      <td>
        <div className="lines">
          {override?.state && (
            <Badge tone={STATES[override.state].tone} title={STATES[override.state].says}>
              {override.isMask ? 'masked, ' : ''}
              {override.state}
            </Badge>
          )}
          {baseline && (
            <Badge title="It differs from the version that was declared to be what is meant">not the baseline</Badge>
          )}
          {instances.length > 0 && (
            <Badge tone="amber" title={instances.map(({ instance }) => instance).join(', ')}>
              {plural(instances.length, 'instance')} lag{instances.length === 1 ? 's' : ''}
            </Badge>
          )}
        </div>
      </td>
      <td>
        <ValueText value={entry.expected} none="nothing" />
      </td>
      <td>
        <ValueText value={entry.actual} none={entry.isMask ? 'masked' : 'nothing'} />
      </td>
      <td>
        {entry.who === null ? (
          <span className="faint">unknown</span>
        ) : (
          <>
            <Text text={entry.who} /> {entry.when !== null && <Time iso={entry.when} />}
          </>
        )}
        {entry.why !== null && (
          <div className="faint">
            <Text text={entry.why} />
          </div>
        )}
      </td>
      <td className="acts">
        <Revert ns={ns} verdict={verdict} />
      </td>
    </tr>
  )
}

/** Stages what makes the key what is meant again; nothing is sent before it is reviewed. */
function Revert({
  ns,
  verdict: { path, override, baseline },
}: {
  readonly ns: string
  readonly verdict: Verdict
}): ReactNode {
  const { may } = useAccess()
  const { data } = useSnapshot(ns)
  const entry = override ?? baseline
  if (entry === undefined || !may('config:write', ns)) return null
  const { section, key } = entry
  const before = override === undefined ? baseline?.actual : override.actual
  const isSecret = data?.secrets.includes(path) ?? false
  const common = { path, section, key, isSecret, ...(before !== undefined && { before }) }
  const toBaseline = (): void => {
    if (baseline?.expected === undefined) stage(ns, { ...common, kind: 'mask' })
    else stage(ns, { ...common, kind: 'set', value: baseline.expected })
  }
  return (
    <>
      {override && (
        <Button isSmall icon={Undo2} onClick={() => stage(ns, { ...common, kind: 'unset' })}>
          To the base
        </Button>
      )}
      {baseline && !isSecret && (
        <Button isSmall icon={Undo2} onClick={toBaseline}>
          To the baseline
        </Button>
      )}
    </>
  )
}

/** Declares what is live to be what is meant. */
function AcceptBaseline({
  ns,
  count,
  hasBaseline,
}: {
  readonly ns: string
  readonly count: number
  readonly hasBaseline: boolean
}): ReactNode {
  const { may } = useAccess()
  const { data } = useSnapshot(ns)
  const [isOpen, setOpen] = useState(false)
  const version = data?.version
  if (!may('config:write', ns) || !version || (count === 0 && hasBaseline)) return null
  const accept = async (): Promise<void> => {
    try {
      const { id } = await ask<Version>('setBaseline', { in: { ns }, body: { ref: String(version.id) } })
      readAgain(ns)
      say(`v${id} is the baseline now`)
      setOpen(false)
    } catch (error) {
      sayRefused(error)
    }
  }
  return (
    <>
      <Button kind="primary" icon={Check} onClick={() => setOpen(true)}>
        Accept as baseline…
      </Button>
      <Dialog
        title={`Accept v${version.id} as the baseline?`}
        isOpen={isOpen}
        close={() => setOpen(false)}
        footer={
          <>
            <Button onClick={() => setOpen(false)}>Not now</Button>
            <Button kind="primary" onClick={() => void accept()}>
              Declare v{version.id} the baseline
            </Button>
          </>
        }
      >
        <p>
          {count === 0
            ? 'No version has been declared to be what is meant.'
            : `${plural(count, 'key differs', 'keys differ')} from the baseline of today.`}{' '}
          From now on v{version.id} is what is meant, and drift is counted from it. Nothing that runs changes.
        </p>
      </Dialog>
    </>
  )
}
