import { CircleSlash, Clock, KeyRound } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { NewToken, Token } from '../../../model/access.ts'
import { readStoreAgain, SLOW_MS, useAnswer } from '../../api/queries.ts'
import { useAccess } from '../../api/session.tsx'
import { Badge, Empty, Failure, PageHead, Skeleton } from '../../parts/basics.tsx'
import { command, curl, FromShell } from '../../parts/shell.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Text, Time, useNow } from '../../parts/values.tsx'
import { useFilters } from '../../state/address.ts'
import { plural } from '../../state/show.ts'
import { RevokeToken, RotateToken, TokenOnce } from './token-acts.tsx'
import { CreateToken } from './token-create.tsx'
import { grantInWords, isWithin } from './words.ts'

const SOON_DAYS = 14

/** Who may do what: each token with its grants, its last use, and its end. */
export default function Tokens(): ReactNode {
  const { data, error, refetch } = useAnswer<readonly Token[]>(undefined, 'listTokens', { every: SLOW_MS })
  const { may } = useAccess()
  const now = useNow()
  const [filters, change] = useFilters()
  const [made, setMade] = useState<NewToken | null>(null)
  const only = filters.get('show') === 'ended' ? 'ended' : 'active'
  const shown = data?.filter(({ state }) => (state === 'active') === (only === 'active'))
  const mayChange = may('admin', '*')
  const keep = (token: NewToken): void => {
    readStoreAgain()
    setMade(token)
  }
  return (
    <>
      <PageHead title="Tokens" says={data ? verdict(data, now) : 'Who may do what.'}>
        {mayChange && <CreateToken done={keep} />}
      </PageHead>
      <nav className="tabs" aria-label="Tokens by state">
        {(['active', 'ended'] as const).map((one) => (
          <button
            key={one}
            type="button"
            aria-current={only === one ? 'true' : undefined}
            onClick={() => change({ show: one === 'active' ? null : one })}
          >
            {one === 'active' ? 'Active' : 'Ended'}{' '}
            <span className="faint">
              {data?.filter(({ state }) => (state === 'active') === (one === 'active')).length}
            </span>
          </button>
        ))}
      </nav>
      <div className="stack after-tabs">
        {error && <Failure what="The tokens cannot be read" error={error} retry={() => void refetch()} />}
        {shown === undefined && !error && <Skeleton lines={6} />}
        {shown?.length === 0 && <None isActive={only === 'active'} />}
        {shown !== undefined && shown.length > 0 && <TokenTable tokens={shown} mayChange={mayChange} rotated={keep} />}
      </div>
      <FromShell
        lines={[
          curl('listTokens'),
          command(undefined, 'token', 'list'),
          command('tacacs-prod', 'token', 'create', 'web', '--scope', 'config:read', '--expires', '90d'),
        ]}
      />
      {made !== null && <TokenOnce made={made} close={() => setMade(null)} />}
    </>
  )
}

function verdict(all: readonly Token[], now: number): string {
  const active = all.filter(({ state }) => state === 'active')
  const soon = active.filter(({ expiresAt }) => expiresAt !== null && isWithin(expiresAt, SOON_DAYS, now)).length
  const unused = active.filter(({ lastUsedAt }) => lastUsedAt === null).length
  const words = [
    ...(soon > 0 ? [`${soon} ${soon === 1 ? 'expires' : 'expire'} within ${SOON_DAYS} days`] : []),
    ...(unused > 0 ? [`${unused} ${unused === 1 ? 'was' : 'were'} never used`] : []),
  ]
  const count = `${plural(active.length, 'token')} ${active.length === 1 ? 'is' : 'are'} accepted`
  return words.length === 0 ? `All is well: ${count}.` : `${count}; ${words.join(', ')}.`
}

const None = ({ isActive }: { readonly isActive: boolean }): ReactNode => (
  <Empty icon={KeyRound} title={isActive ? 'No token is accepted' : 'No token has ended'}>
    <p>
      {isActive
        ? 'A service or a person gets in with a token of its own: create one, with no more than it needs.'
        : 'Tokens that expired or were revoked are kept here, so that history and audit can be read.'}
    </p>
  </Empty>
)

function TokenTable({
  tokens,
  mayChange,
  rotated,
}: {
  readonly tokens: readonly Token[]
  readonly mayChange: boolean
  readonly rotated: (token: NewToken) => void
}): ReactNode {
  const { signed } = useAccess()
  const mine = signed.state === 'in' ? signed.session.tokenId : null
  const columns: readonly Column<Token>[] = [
    { head: 'Name', cell: (token) => <Name token={token} isMine={token.id === mine} /> },
    { head: 'State', cell: (token) => <State token={token} /> },
    { head: 'May', cell: ({ grants }) => <Grants grants={grants} /> },
    { head: 'Expires', cell: Expiry },
    { head: 'Last use', cell: LastUse },
    { head: 'Made', cell: Made },
    {
      head: 'Actions',
      kind: 'acts',
      cell: (token) =>
        mayChange &&
        token.state === 'active' && (
          <>
            <RotateToken token={token} isMine={token.id === mine} done={rotated} />
            <RevokeToken token={token} isMine={token.id === mine} />
          </>
        ),
    },
  ]
  return <Table columns={columns} rows={tokens} keyOf={({ id }) => id} />
}

const Name = ({ token: { id, name }, isMine }: { readonly token: Token; readonly isMine: boolean }): ReactNode => (
  <>
    <div className="acts">
      <span className="mono">
        <Text text={name} />
      </span>
      {isMine && (
        <Badge tone="blue" title="You are signed in with this one">
          yours
        </Badge>
      )}
    </div>
    <span className="faint mono">{id}</span>
  </>
)

function State({ token: { state, overlapUntil, revokedAt } }: { readonly token: Token }): ReactNode {
  const now = useNow()
  if (state !== 'active') {
    return (
      <div className="lines">
        <Badge tone={state === 'revoked' ? 'red' : undefined} icon={CircleSlash}>
          {state}
        </Badge>
        {revokedAt !== null && (
          <span className="faint">
            <Time iso={revokedAt} />
          </span>
        )}
      </div>
    )
  }
  return (
    <div className="lines">
      <Badge tone="accent" icon={KeyRound}>
        active
      </Badge>
      {overlapUntil !== null && Date.parse(overlapUntil) > now && (
        <span className="faint">
          old secret ends <Time iso={overlapUntil} />
        </span>
      )}
    </div>
  )
}

const Grants = ({ grants }: Pick<Token, 'grants'>): ReactNode => (
  <ul className="lines wide">
    {grants.map((grant) => (
      <li key={JSON.stringify(grant)}>
        <Text text={grantInWords(grant)} />
      </li>
    ))}
  </ul>
)

function Expiry({ expiresAt, state }: Token): ReactNode {
  return expiresAt === null ? (
    <span className="faint">never</span>
  ) : (
    <Until iso={expiresAt} isActive={state === 'active'} />
  )
}

function Until({ iso, isActive }: { readonly iso: string; readonly isActive: boolean }): ReactNode {
  const now = useNow()
  if (!isActive || !isWithin(iso, SOON_DAYS, now)) return <Time iso={iso} />
  return (
    <Badge tone="amber" icon={Clock}>
      <Time iso={iso} />
    </Badge>
  )
}

const LastUse = ({ lastUsedAt, lastUsedIp }: Token): ReactNode =>
  lastUsedAt === null ? (
    <span className="faint">never</span>
  ) : (
    <div className="lines">
      <Time iso={lastUsedAt} />
      {lastUsedIp !== null && (
        <span className="faint mono">
          <Text text={lastUsedIp} />
        </span>
      )}
    </div>
  )

const Made = ({ createdAt, createdBy }: Token): ReactNode => (
  <div className="lines">
    <Time iso={createdAt} />
    <span className="faint">
      by <Text text={createdBy} />
    </span>
  </div>
)
