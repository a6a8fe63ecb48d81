import { RotateCw, Send } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Delivery, Webhook } from '../../../model/webhook.ts'
import { useAct } from '../../api/act.ts'
import { ask } from '../../api/ask.ts'
import { readStoreAgain, usePages } from '../../api/queries.ts'
import { useAccess } from '../../api/session.tsx'
import { Button, Empty, Failure, Skeleton } from '../../parts/basics.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { command, curl, FromShell } from '../../parts/shell.tsx'
import { say } from '../../parts/toasts.tsx'
import { Text, Time } from '../../parts/values.tsx'
import { plural } from '../../state/show.ts'
import { DeliveryState } from './last-sent.tsx'
import { lasting } from './words.ts'

const EVERY_MS = 3000
const PAGE = 50

/** What was sent to one webhook and what came back, newest first. */
export function Deliveries({ hook, close }: { readonly hook: Webhook; readonly close: () => void }): ReactNode {
  const { id, name } = hook
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetching } = usePages<Delivery>('listDeliveries', {
    in: { id },
    query: { limit: PAGE },
    every: EVERY_MS,
  })
  const items = data?.pages.flatMap((page) => page.items)
  return (
    <Dialog
      title={
        <>
          Deliveries of <Text text={name} />
        </>
      }
      isOpen
      place="side"
      close={close}
    >
      {error && <Failure what="The deliveries cannot be read" error={error} retry={() => void refetch()} />}
      {items === undefined && !error && <Skeleton lines={6} />}
      {items?.length === 0 && (
        <Empty icon={Send} title="Nothing was sent yet">
          <p>The next change that concerns it will stand here; a test message shows whether it would arrive.</p>
        </Empty>
      )}
      {items !== undefined && items.length > 0 && (
        <ol className="sent">
          {items.map((one) => (
            <Sent key={one.id} delivery={one} />
          ))}
        </ol>
      )}
      {hasNextPage && (
        <div className="acts after">
          <Button disabled={isFetching} onClick={() => void fetchNextPage()}>
            Show older deliveries
          </Button>
        </div>
      )}
      <FromShell lines={[curl('listDeliveries', { in: { id } }), command(undefined, 'webhook', 'deliveries', name)]} />
    </Dialog>
  )
}

function Sent({ delivery }: { readonly delivery: Delivery }): ReactNode {
  const { id, kind, namespace, createdAt, state, attempts, status, error, nextAttemptAt, duration } = delivery
  const outcome = error ?? (status === null ? null : `answered ${status}`)
  return (
    <li>
      <div className="acts">
        <DeliveryState state={state} />
        <strong>{kind}</strong>
        {namespace !== null && (
          <span className="mono">
            <Text text={namespace} />
          </span>
        )}
        <span className="faint grow">
          <Time iso={createdAt} />
        </span>
        <Replay delivery={delivery} />
      </div>
      <p className="break">
        {plural(attempts, 'attempt')}
        {outcome !== null && (
          <>
            : <Text text={outcome} />
          </>
        )}
        {duration !== null && ` (${lasting(duration)})`}
        {state === 'waiting' && nextAttemptAt !== null && (
          <>
            ; the next <Time iso={nextAttemptAt} />
          </>
        )}
      </p>
      <span className="faint mono">{id}</span>
    </li>
  )
}

/** Sends a message again, under its id: the receiver can tell that it had it. */
function Replay({ delivery: { id, webhookId, kind, state } }: { readonly delivery: Delivery }): ReactNode {
  const { may } = useAccess()
  const { isBusy, error, run } = useAct()
  if (!may('admin', '*') || state === 'waiting') return null
  const replay = async (): Promise<void> => {
    await ask<Delivery>('replayDelivery', { in: { id: webhookId, delivery: id } })
    say('It is sent again, under its id')
    readStoreAgain()
  }
  return (
    <>
      <Button
        isSmall
        icon={RotateCw}
        disabled={isBusy}
        aria-label={`Replay the ${kind} message ${id}`}
        onClick={() => run(replay)}
      >
        Replay
      </Button>
      {error !== null && <Failure what="Not sent again" error={error} />}
    </>
  )
}
