import { CircleAlert, ShieldCheck } from 'lucide-react'
import type { ReactNode } from 'react'
import type { VerifyProblem, VerifyResult } from '../../../model/admin.ts'
import { CopyButton } from '../../parts/basics.tsx'
import { Text } from '../../parts/values.tsx'
import { plural } from '../../state/show.ts'

/** What recomputing every hash and the chain came to; what is wrong is said loudly, with its version. */
export function Findings({
  of,
  result: { ok, versions, problems, heads },
}: {
  /** What was verified: "the store". */
  readonly of: string
  readonly result: VerifyResult
}): ReactNode {
  return (
    <div className="lines" role="status">
      {ok ? (
        <p className="verdict">
          <ShieldCheck size={16} aria-hidden />
          <span>
            <strong>Good.</strong> {plural(versions, 'version')} of <Text text={of} />: every hash and the chain hold.
          </span>
        </p>
      ) : (
        <Problems of={of} problems={problems} />
      )}
      <Heads heads={heads} />
    </div>
  )
}

const MOST = 50

const Problems = ({
  of,
  problems,
}: {
  readonly of: string
  readonly problems: readonly VerifyProblem[]
}): ReactNode => (
  <div className="failure" role="alert">
    <strong>
      <CircleAlert size={16} aria-hidden /> {plural(problems.length, 'problem')} in <Text text={of} />: it is not what
      was written
    </strong>
    <ul>
      {problems.slice(0, MOST).map(({ namespace, version, message }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a list that does not change
        <li key={i}>
          {namespace !== null && (
            <span className="mono">
              <Text text={namespace} />
              {version !== null && ` v${version}`}:{' '}
            </span>
          )}
          <Text text={message} />
        </li>
      ))}
    </ul>
    {problems.length > MOST && <span>… and {plural(problems.length - MOST, 'more problem')}.</span>}
  </div>
)

/** The newest chain hash of each namespace: what a cut tail shows against. */
export function Heads({ heads }: Pick<VerifyResult, 'heads'>): ReactNode {
  const all = Object.entries(heads)
  if (all.length === 0) return null
  return (
    <>
      <p className="faint">
        Keep these heads elsewhere: that the newest versions were cut off, or the whole file is an older one, shows only
        against them.
      </p>
      <ul className="heads">
        {all.map(([namespace, head]) => (
          <li key={namespace}>
            <span className="mono">
              <Text text={namespace} />
            </span>
            <code>{head}</code>
            <CopyButton text={head} what={`the head of ${namespace}`} />
          </li>
        ))}
      </ul>
    </>
  )
}
