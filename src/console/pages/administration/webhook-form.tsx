import { Plus } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import {
  type NewWebhook,
  WEBHOOK_KINDS,
  type Webhook,
  type WebhookKind,
  type WebhookRequest,
} from '../../../model/webhook.ts'
import { useAct } from '../../api/act.ts'
import { ask } from '../../api/ask.ts'
import { readStoreAgain } from '../../api/queries.ts'
import { Button, Failure } from '../../parts/basics.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { CheckField, Group, TextField } from '../../parts/fields.tsx'
import { say } from '../../parts/toasts.tsx'
import { patternsIn, wrongPattern } from './words.ts'

interface Form {
  readonly name: string
  readonly url: string
  readonly namespaces: string
  readonly sections: string
  readonly kinds: readonly WebhookKind[]
}

const NEW: Form = { name: '', url: '', namespaces: '*', sections: '', kinds: WEBHOOK_KINDS }

const KIND_SAYS: Readonly<Record<WebhookKind, string>> = {
  change: 'Each version: who, why, and what changed; secrets stay concealed.',
  drift: 'Drift that a schedule found, when it is not what was told last.',
  'source-stale': 'A source of base values that cannot be read any more.',
  'backup-failed': 'A copy by a schedule that failed or did not verify; told only where the namespaces are all (*).',
}

/** What was typed stays when the dialog is closed. */
export function NewWebhookButton({ done }: { readonly done: (made: NewWebhook) => void }): ReactNode {
  const [isOpen, setOpen] = useState(false)
  const [form, setForm] = useState(NEW)
  const create = async (): Promise<void> => {
    const made = await ask<NewWebhook>('createWebhook', { body: requestOf(form) })
    setForm(NEW)
    setOpen(false)
    done(made)
  }
  return (
    <>
      <Button kind="primary" icon={Plus} onClick={() => setOpen(true)}>
        Add a webhook…
      </Button>
      <Dialog title="Add a webhook" isOpen={isOpen} close={() => setOpen(false)}>
        <HookForm
          form={form}
          change={setForm}
          word="Add it"
          failed="No webhook was added"
          close={() => setOpen(false)}
          send={create}
        />
      </Dialog>
    </>
  )
}

export function EditWebhook({ hook, close }: { readonly hook: Webhook; readonly close: () => void }): ReactNode {
  const [form, setForm] = useState<Form>(() => ({
    name: hook.name,
    url: hook.url,
    namespaces: hook.namespaces.join(', '),
    sections: hook.sections?.join(', ') ?? '',
    kinds: hook.kinds,
  }))
  const update = async (): Promise<void> => {
    // What is absent stays as it is; all sections have to be said.
    const body = { sections: ['*'], ...requestOf(form) }
    const { name } = await ask<Webhook>('updateWebhook', { in: { id: hook.id }, body })
    say(`${name} is changed`)
    readStoreAgain()
    close()
  }
  return (
    <Dialog title="Edit the webhook" isOpen close={close}>
      <HookForm form={form} change={setForm} word="Save it" failed="Not changed" close={close} send={update} />
    </Dialog>
  )
}

interface HookFormProps {
  readonly form: Form
  readonly change: (form: Form) => void
  readonly word: string
  readonly failed: string
  readonly close: () => void
  readonly send: () => Promise<void>
}

function HookForm({ form, change, word, failed, close, send }: HookFormProps): ReactNode {
  const { isBusy, error, run } = useAct()
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault()
        run(send)
      }}
    >
      <Fields form={form} change={(more) => change({ ...form, ...more })} />
      {error !== null && <Failure what={failed} error={error} />}
      <div className="acts end">
        <Button onClick={close}>Not now</Button>
        <Button type="submit" kind="primary" disabled={isBusy || !isComplete(form)}>
          {isBusy ? 'Wait…' : word}
        </Button>
      </div>
    </form>
  )
}

function Fields({ form, change }: { readonly form: Form; readonly change: (more: Partial<Form>) => void }): ReactNode {
  const { name, url, namespaces, sections, kinds } = form
  return (
    <>
      <TextField
        label="Name"
        required
        autoComplete="off"
        value={name}
        set={(text) => change({ name: text })}
        hint="What this page and the command line call it."
      />
      <TextField
        label="URL"
        type="url"
        isMono
        required
        placeholder="https://"
        maxLength={2048}
        value={url}
        set={(text) => change({ url: text })}
        hint="https, without user name or password. A receiver inside has to be allowed in the server's webhookHosts."
      />
      <Group name="It is told of">
        {WEBHOOK_KINDS.map((kind) => (
          <CheckField
            key={kind}
            word={<code>{kind}</code>}
            says={KIND_SAYS[kind]}
            isChecked={kinds.includes(kind)}
            set={(isChecked) =>
              change({ kinds: WEBHOOK_KINDS.filter((one) => (one === kind ? isChecked : kinds.includes(one))) })
            }
          />
        ))}
      </Group>
      <div className="pair">
        <TextField
          label="Namespaces"
          isMono
          required
          value={namespaces}
          set={(text) => change({ namespaces: text })}
          wrong={wrongPattern(namespaces)}
          hint="Names, or beginnings and a star, with commas between; only * is all of them."
        />
        <TextField
          label="Sections"
          isMono
          value={sections}
          set={(text) => change({ sections: text })}
          wrong={wrongPattern(sections)}
          hint="Likewise; empty: all of them."
        />
      </div>
    </>
  )
}

const isComplete = ({ name, url, namespaces, sections, kinds }: Form): boolean =>
  name.trim() !== '' &&
  url.trim() !== '' &&
  kinds.length > 0 &&
  patternsIn(namespaces).length > 0 &&
  [namespaces, sections].every((one) => wrongPattern(one) === undefined)

function requestOf({ name, url, namespaces, sections, kinds }: Form): WebhookRequest {
  const within = patternsIn(sections)
  return {
    name: name.trim(),
    url: url.trim(),
    namespaces: patternsIn(namespaces),
    kinds,
    ...(within.length > 0 && { sections: within }),
  }
}
