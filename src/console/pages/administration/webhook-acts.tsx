import type { ReactNode } from 'react'
import type { NewWebhook, Webhook } from '../../../model/webhook.ts'
import { useAct } from '../../api/act.ts'
import { ask } from '../../api/ask.ts'
import { queries } from '../../api/queries.ts'
import { Button, Code, Failure } from '../../parts/basics.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { command, curl, FromShell } from '../../parts/shell.tsx'
import { say } from '../../parts/toasts.tsx'
import { Text } from '../../parts/values.tsx'
import { SecretOnce } from './secret-once.tsx'

interface About {
  readonly hook: Webhook
  readonly close: () => void
}

export function DeleteWebhook({ hook: { id, name, url }, close }: About): ReactNode {
  const remove = async (): Promise<void> => {
    await ask('deleteWebhook', { in: { id } })
    say(`${name} is deleted`)
    // The list alone: what was sent to it can no longer be asked for.
    void queries.invalidateQueries({ queryKey: ['*', 'listWebhooks'] })
  }
  return (
    <Confirm
      title={
        <>
          Delete <Text text={name} />?
        </>
      }
      word="Delete it"
      failed="Not deleted"
      isOpen
      close={close}
      act={remove}
    >
      <p className="break">
        <span className="mono">
          <Text text={url} />
        </span>{' '}
        is told no more. Its signing secret ends, and what was sent and what waits to be sent is forgotten.
      </p>
    </Confirm>
  )
}

export function RotateWebhook({
  hook: { id, name },
  close,
  done,
}: About & { readonly done: (made: NewWebhook) => void }): ReactNode {
  const { isBusy, error, run } = useAct()
  const rotate = async (): Promise<void> => done(await ask<NewWebhook>('rotateWebhookSecret', { in: { id } }))
  return (
    <Dialog
      title={
        <>
          A new signing secret for <Text text={name} />
        </>
      }
      isOpen
      close={close}
      footer={
        <>
          <Button onClick={close}>Not now</Button>
          <Button kind="primary" disabled={isBusy} onClick={() => run(rotate)}>
            {isBusy ? 'Wait…' : 'Make a new secret'}
          </Button>
        </>
      }
    >
      <div className="fields">
        <p>
          For 24 hours each message carries both signatures, so that the receiver can change over without losing one.
          After that only the new secret signs.
        </p>
        {error !== null && <Failure what="No new secret was made" error={error} />}
        <FromShell
          lines={[curl('rotateWebhookSecret', { in: { id } }), command(undefined, 'webhook', 'rotate', name)]}
        />
      </div>
    </Dialog>
  )
}

/** What the receiver needs to know a message by, this once. */
export const WebhookSecret = ({
  made: { webhook, secret },
  close,
}: {
  readonly made: NewWebhook
  readonly close: () => void
}): ReactNode => (
  <SecretOnce
    title={
      <>
        The signing secret of <Text text={webhook.name} />
      </>
    }
    what="the signing secret"
    secret={secret}
    close={close}
  >
    <p>
      Keep it where the receiver reads it. Messages follow Standard Webhooks: a receiver with one of its libraries is
      three lines.
    </p>
    <Code
      text={`import { Webhook } from 'standardwebhooks'

const webhook = new Webhook(process.env.WEBHOOK_SECRET)
const message = webhook.verify(body, headers) // throws where the signature is not ours`}
      what="the lines of code"
    />
  </SecretOnce>
)
