import { CircleSlash, RefreshCw, TriangleAlert } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { NewToken, Token } from '../../../model/access.ts'
import { useAct } from '../../api/act.ts'
import { ask } from '../../api/ask.ts'
import { readStoreAgain } from '../../api/queries.ts'
import { Button, Code, Failure } from '../../parts/basics.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { type Option, SelectField } from '../../parts/fields.tsx'
import { command, curl, FromShell } from '../../parts/shell.tsx'
import { say } from '../../parts/toasts.tsx'
import { Text, Time } from '../../parts/values.tsx'
import { SecretOnce } from './secret-once.tsx'
import { grantInWords } from './words.ts'

const OVERLAPS: readonly Option[] = [
  ['0', 'not at all: it ends at once'],
  ['600', '10 minutes more'],
  ['3600', 'an hour more'],
  ['86400', 'a day more'],
  ['604800', 'a week more'],
  ['2592000', '30 days more'],
]

/** A new secret for the same token, with time for those who use the old one. */
export function RotateToken({
  token: { id, name },
  isMine,
  done,
}: {
  readonly token: Token
  readonly isMine: boolean
  readonly done: (token: NewToken) => void
}): ReactNode {
  const [isOpen, setOpen] = useState(false)
  const [overlap, setOverlap] = useState('3600')
  const { isBusy, error, run, forget } = useAct()
  const close = (): void => {
    setOpen(false)
    forget()
  }
  const body = { overlapSeconds: Number(overlap) }
  const rotate = async (): Promise<void> => {
    const made = await ask<NewToken>('rotateToken', { in: { id }, body })
    close()
    done(made)
  }
  return (
    <>
      <Button isSmall icon={RefreshCw} aria-label={`Rotate ${name}`} onClick={() => setOpen(true)}>
        Rotate
      </Button>
      <Dialog title={<>A new secret for {name}</>} isOpen={isOpen} close={close}>
        <form
          className="fields"
          onSubmit={(event) => {
            event.preventDefault()
            run(rotate)
          }}
        >
          <p>Its name, its id and what it may do stay. Who uses it has to be given the new secret.</p>
          <SelectField
            label="The secret of today is accepted"
            value={overlap}
            set={setOverlap}
            options={OVERLAPS}
            hint="There is one old secret at a time: a second rotation ends the first one's."
          />
          {isMine && <Mine>You are signed in with this token: your session ends when its old secret does.</Mine>}
          {error !== null && <Failure what="Not rotated" error={error} />}
          <div className="acts end">
            <Button onClick={close}>Not now</Button>
            <Button type="submit" kind="primary" disabled={isBusy}>
              {isBusy ? 'Rotating…' : 'Make a new secret'}
            </Button>
          </div>
          <FromShell
            lines={[
              curl('rotateToken', { in: { id }, body }),
              command(undefined, 'token', 'rotate', name, '--overlap', `${overlap}s`),
            ]}
          />
        </form>
      </Dialog>
    </>
  )
}

/** Ends a token at once; says what that ends. */
export function RevokeToken({ token, isMine }: { readonly token: Token; readonly isMine: boolean }): ReactNode {
  const { id, name, grants, lastUsedAt, lastUsedIp } = token
  const [isOpen, setOpen] = useState(false)
  const revoke = async (): Promise<void> => {
    await ask<Token>('revokeToken', { in: { id } })
    say(`${name} is revoked`)
    readStoreAgain()
  }
  return (
    <>
      <Button kind="danger" isSmall icon={CircleSlash} aria-label={`Revoke ${name}`} onClick={() => setOpen(true)}>
        Revoke
      </Button>
      <Confirm
        title={`Revoke ${name}?`}
        word={`Revoke ${name}`}
        failed="Not revoked: it is accepted as before"
        isOpen={isOpen}
        close={() => setOpen(false)}
        act={revoke}
      >
        <p>
          Its requests are refused from now on, its streams and browser sessions end. This cannot be undone: whoever
          uses it needs another token.
        </p>
        <dl className="facts">
          <dt>May now</dt>
          <dd>
            {grants.map((grant) => (
              <div key={JSON.stringify(grant)}>
                <Text text={grantInWords(grant)} />
              </div>
            ))}
          </dd>
          <dt>Last use</dt>
          <dd>
            {lastUsedAt === null ? 'never' : <Time iso={lastUsedAt} />}
            {lastUsedIp !== null && <> from {lastUsedIp}</>}
          </dd>
        </dl>
        {isMine && <Mine>This is the token you are signed in with: you will be signed out at once.</Mine>}
      </Confirm>
    </>
  )
}

const Mine = ({ children }: { readonly children: ReactNode }): ReactNode => (
  <p className="notice amber">
    <TriangleAlert size={16} aria-hidden />
    <span>{children}</span>
  </p>
)

/** What a token's holder needs, this once. */
export function TokenOnce({ made, close }: { readonly made: NewToken; readonly close: () => void }): ReactNode {
  const { token, text } = made
  return (
    <SecretOnce title={`The token ${token.name}`} what="the token" secret={text} close={close}>
      <p>
        {token.overlapUntil !== null && (
          <>
            The secret before is accepted until <Time iso={token.overlapUntil} isFull />.{' '}
          </>
        )}
        A service reads it from <code>HOLDFAST_TOKEN</code>. In a shell, paste it where the first line asks for it, so
        that it does not stay among the commands:
      </p>
      <Code
        text={`read -rs HOLDFAST_TOKEN && export HOLDFAST_TOKEN\n${command(undefined, 'whoami')}`}
        what="the commands"
      />
    </SecretOnce>
  )
}
