import { Archive, Download, ShieldCheck, TriangleAlert } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { Backup, NamedBackup, VerifiedBackup } from '../../../model/admin.ts'
import type { Schedule } from '../../../model/schedule.ts'
import { useAct } from '../../api/act.ts'
import { addressOf, ask } from '../../api/ask.ts'
import { readStoreAgain, SLOW_MS, useAnswer } from '../../api/queries.ts'
import { useAccess } from '../../api/session.tsx'
import { Badge, Button, Card, Code, Empty, Failure, PageHead, Skeleton } from '../../parts/basics.tsx'
import { curl, FromShell } from '../../parts/shell.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { sayRefused } from '../../parts/toasts.tsx'
import { Text, Time, useNow } from '../../parts/values.tsx'
import { ago, bytes, plural } from '../../state/show.ts'
import { Findings, Heads } from './findings.tsx'

/** Copies of the store: how old the newest is, whether it is good, and how one goes back to it. */
export default function Backups(): ReactNode {
  const { data, error, refetch } = useAnswer<readonly Backup[]>(undefined, 'listBackups', { every: SLOW_MS })
  const { may } = useAccess()
  const [last, setLast] = useState<NamedBackup | VerifiedBackup | null>(null)
  const verified = useVerified(setLast)
  const making = useAct()
  const make = (): void =>
    making.run(async () => {
      const copy = await ask<NamedBackup>('createBackup')
      setLast(copy)
      readStoreAgain()
      verified.verify(copy.name)
    })
  return (
    <>
      <PageHead title="Backups" says={<Verdict all={data} />}>
        {may('admin', '*') && (
          <Button kind="primary" icon={Archive} disabled={making.isBusy} onClick={make}>
            {making.isBusy ? 'Copying…' : 'Back up now'}
          </Button>
        )}
      </PageHead>
      <div className="stack">
        {making.error !== null && <Failure what="No copy was made" error={making.error} retry={make} />}
        {last !== null && <Report last={last} />}
        {error && <Failure what="The copies cannot be listed" error={error} retry={() => void refetch()} />}
        {data === undefined && !error && <Skeleton lines={5} />}
        {data?.length === 0 && (
          <Empty icon={Archive} title="No copy yet">
            <p>
              Back up now makes one while others go on writing, opens it, and checks every hash in it. A schedule with
              the task <code>backup</code> makes one each night.
            </p>
          </Empty>
        )}
        {data !== undefined && data.length > 0 && (
          <Table columns={columnsOf(verified)} rows={data} keyOf={({ name }) => name} />
        )}
        <HowBack newest={data?.[0]?.name} />
      </div>
      <FromShell
        lines={[
          curl('createBackup'),
          curl('listBackups'),
          `${curl('readBackup', { in: { name: data?.[0]?.name ?? 'NAME' } })} \\\n  -o copy.db`,
          curl('verifyBackup', { in: { name: data?.[0]?.name ?? 'NAME' } }),
          'holdfast backup --verify copy.db',
        ]}
      />
    </>
  )
}

/** How old the newest copy is, and whether another one comes by itself. */
function Verdict({ all }: { readonly all: readonly Backup[] | undefined }): ReactNode {
  const { data: schedules } = useAnswer<readonly Schedule[]>(undefined, 'listSchedules')
  const now = useNow()
  if (all === undefined) return 'Copies of the store.'
  const newest = all[0]
  const has =
    newest === undefined ? 'There is no copy of this store.' : `The newest copy was made ${ago(newest.createdAt, now)}.`
  const timed = schedules?.filter(({ task }) => task === 'backup') ?? []
  if (schedules === undefined) return has
  return timed.length === 0
    ? `${has} No schedule makes copies by itself.`
    : `${has} ${plural(timed.length, 'schedule')} ${timed.length === 1 ? 'makes' : 'make'} more.`
}

/** The copy that was made or verified last: that it is good is said only once it was verified. */
function Report({ last }: { readonly last: NamedBackup | VerifiedBackup }): ReactNode {
  const { name, bytes: size, versions, history, heads } = last
  const isVerified = 'ok' in last
  return (
    <Card title={`${isVerified ? 'Verified' : 'Made'} ${name}`}>
      <div className="fields">
        <p>
          {bytes(size)}: {plural(versions, 'version')} and {plural(history, 'history entry', 'history entries')}.
        </p>
        {isVerified ? <Findings of={name} result={last} /> : <Heads heads={heads} />}
      </div>
    </Card>
  )
}

interface Verified {
  /** What was found of each copy that was verified on this page. */
  readonly found: readonly VerifiedBackup[]
  /** The copy that is being verified. */
  readonly verifying: string | null
  readonly verify: (name: string) => void
}

function useVerified(tell: (one: VerifiedBackup) => void): Verified {
  const [found, setFound] = useState<readonly VerifiedBackup[]>([])
  const [verifying, setVerifying] = useState<string | null>(null)
  const verify = (name: string): void => {
    setVerifying(name)
    void ask<VerifiedBackup>('verifyBackup', { in: { name } })
      .then((one) => {
        setFound((all) => [one, ...all.filter((other) => other.name !== name)])
        tell(one)
      }, sayRefused)
      .finally(() => setVerifying(null))
  }
  return { found, verifying, verify }
}

const columnsOf = ({ found, verifying, verify }: Verified): readonly Column<Backup>[] => [
  {
    head: 'Copy',
    cell: ({ name }) => (
      <div className="acts">
        <span className="mono break">
          <Text text={name} />
        </span>
        <Known found={found.find((one) => one.name === name)} />
      </div>
    ),
  },
  { head: 'Size', kind: 'number', cell: ({ bytes: size }) => bytes(size) },
  { head: 'Made', cell: ({ createdAt }) => <Time iso={createdAt} /> },
  {
    head: 'Actions',
    kind: 'acts',
    cell: ({ name }) => (
      <>
        <Button
          isSmall
          icon={ShieldCheck}
          disabled={verifying !== null}
          aria-label={`Verify ${name}`}
          onClick={() => verify(name)}
        >
          {verifying === name ? 'Verifying…' : 'Verify'}
        </Button>
        <Fetch name={name} />
      </>
    ),
  },
]

function Known({ found }: { readonly found: VerifiedBackup | undefined }): ReactNode {
  if (found === undefined) return null
  return (
    <Badge tone={found.ok ? 'accent' : 'red'} icon={found.ok ? ShieldCheck : TriangleAlert}>
      {found.ok ? 'good' : 'damaged'}
    </Badge>
  )
}

const Fetch = ({ name }: { readonly name: string }): ReactNode => (
  <a
    className="button small"
    href={addressOf('readBackup', { in: { name } })}
    download={name}
    aria-label={`Download ${name}`}
  >
    <Download size={16} aria-hidden /> Download
  </a>
)

/** Going back is for the server's machine: the store must be still, and whoever does it has its files anyway. */
const HowBack = ({ newest = 'COPY.db' }: { readonly newest: string | undefined }): ReactNode => (
  <Card title="Going back to a copy">
    <div className="fields">
      <p>
        That is done on the server's machine, and only there: stop the server, put the copy in the place of the store,
        start it again. The copy is verified first, and the store of today is kept beside it.
      </p>
      <Code text={`holdfast backup --restore backups/${newest}`} what="the command" />
      <p className="faint">
        A copy holds secrets encrypted, and not the keys they are encrypted under: keep the key file too, somewhere
        else.
      </p>
    </div>
  </Card>
)
