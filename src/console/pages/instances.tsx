import { CheckCircle2, CircleDashed, CircleSlash, RotateCcw, Server } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { Instance } from '../../model/instance.ts'
import { useInstances, useSnapshot } from '../api/queries.ts'
import { Badge, Card, Code, Empty, Failure, PageHead, Skeleton } from '../parts/basics.tsx'
import { command, curl, FromShell } from '../parts/shell.tsx'
import { PathText, Text, Time } from '../parts/values.tsx'
import { pageOf } from '../state/address.ts'
import { plural } from '../state/show.ts'

/** Who runs what, since when, and who waits for a restart. */
export default function Instances({ ns }: { readonly ns: string }): ReactNode {
  const { data, error, refetch } = useInstances(ns)
  const { data: snapshot } = useSnapshot(ns)
  return (
    <>
      <PageHead title="Instances" says={data ? verdict(data) : 'What runs where.'} />
      {error && <Failure what="The instances cannot be read" error={error} retry={() => void refetch()} />}
      {data === undefined && !error && <Skeleton lines={5} />}
      {data?.length === 0 && <NoInstances ns={ns} />}
      {data !== undefined && data.length > 0 && (
        <Card isBare>
          <div className="scroll">
            <table className="table">
              <thead>
                <tr>
                  <th>Instance</th>
                  <th>State</th>
                  <th>Runs</th>
                  <th>Waits for a restart</th>
                  <th>Started</th>
                  <th>Heard of</th>
                  <th>Token</th>
                </tr>
              </thead>
              <tbody>
                {data.toSorted(byConcern).map((one) => (
                  <Row key={one.id} ns={ns} instance={one} live={snapshot?.version?.id} />
                ))}
              </tbody>
            </table>
          </div>
        </Card>
      )}
      <FromShell lines={[curl('listInstances', { in: { ns } }), command(ns, 'instances')]} />
    </>
  )
}

const ORDER = { gone: 1, behind: 0, current: 2 } as const

/** What needs a person first. */
const byConcern = (one: Instance, other: Instance): number =>
  concern(one) - concern(other) || (one.id < other.id ? -1 : 1)

const concern = ({ state, pendingRestart }: Instance): number =>
  state === 'current' && pendingRestart !== null ? 0.5 : ORDER[state]

function verdict(all: readonly Instance[]): string {
  const count = (state: Instance['state']): number => all.filter((one) => one.state === state).length
  const [behind, gone] = [count('behind'), count('gone')]
  const restarts = all.filter(({ pendingRestart, state }) => pendingRestart !== null && state !== 'gone').length
  if (all.length === 0) return 'No process has said what it runs.'
  const words = [
    ...(behind > 0 ? [`${plural(behind, 'instance')} behind`] : []),
    ...(restarts > 0 ? [`${plural(restarts, 'instance')} waiting for a restart`] : []),
    ...(gone > 0 ? [`${plural(gone, 'instance')} silent`] : []),
  ]
  return words.length === 0
    ? `All is well: ${plural(all.length, 'instance')} run${all.length === 1 ? 's' : ''} what is live.`
    : `${words.join(', ')}; the others run what is live.`
}

function Row({
  ns,
  instance,
  live,
}: {
  readonly ns: string
  readonly instance: Instance
  readonly live: number | undefined
}): ReactNode {
  const { id, host, version, startVersion, startedAt, reportedAt, reportedBy, pendingRestart } = instance
  return (
    <tr>
      <td>
        <div className="mono">
          <Text text={id} />
        </div>
        {host !== id && (
          <div className="faint">
            <Text text={host} />
          </div>
        )}
      </td>
      <td>
        <State instance={instance} />
      </td>
      <td>
        <Link href={pageOf(ns, 'compare', { from: String(version), to: 'latest' })}>v{version}</Link>
        {live !== undefined && version < live && <div className="faint">live is v{live}</div>}
        {startVersion !== version && <div className="faint">started with v{startVersion}</div>}
      </td>
      <td>
        {pendingRestart === null ? (
          <span className="faint">nothing</span>
        ) : (
          <div className="lines">
            <Badge tone="amber" icon={RotateCcw}>
              <span>
                since <Time iso={pendingRestart.since} />
              </span>
            </Badge>
            {pendingRestart.paths.map((path) => (
              <Link key={path} href={pageOf(ns, 'configuration', { key: path })}>
                <PathText path={path} />
              </Link>
            ))}
          </div>
        )}
      </td>
      <td>
        <Time iso={startedAt} />
      </td>
      <td>
        <Time iso={reportedAt} />
      </td>
      <td>
        <Text text={reportedBy} />
      </td>
    </tr>
  )
}

function State({ instance: { state, behindSince } }: { readonly instance: Instance }): ReactNode {
  if (state === 'current') {
    return (
      <Badge tone="accent" icon={CheckCircle2}>
        current
      </Badge>
    )
  }
  if (state === 'gone') {
    return (
      <Badge icon={CircleSlash} title="It has said nothing for 90 seconds">
        silent
      </Badge>
    )
  }
  return (
    <Badge tone="amber" icon={CircleDashed}>
      <span>behind {behindSince !== null && <Time iso={behindSince} />}</span>
    </Badge>
  )
}

function NoInstances({ ns }: { readonly ns: string }): ReactNode {
  return (
    <Empty icon={Server} title="No process has said what it runs">
      <p>A service that connects with the client library is listed here by itself, with the version it uses.</p>
      <Code text={connectLines(ns)} what="the lines of code" />
    </Empty>
  )
}

/** What a service needs to live on this configuration. */
export const connectLines = (ns: string): string => `import { connect } from 'holdfast/client'

const config = await connect({
  url: '${location.origin}',
  token: process.env.HOLDFAST_TOKEN,
  namespace: '${ns}',
  cacheFile: '/var/cache/my-service/config.json',
})
config.on('change', ({ version }) => console.log('now at', version.id))`
