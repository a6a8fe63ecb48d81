import { Plus } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { NewToken, TokenRequest } from '../../../model/access.ts'
import { ACTIONS, type Action } from '../../../model/principal.ts'
import { useAct } from '../../api/act.ts'
import { ask } from '../../api/ask.ts'
import { Button, Failure } from '../../parts/basics.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { CheckField, Group, type Option, SelectField, TextField } from '../../parts/fields.tsx'
import { curl, FromShell } from '../../parts/shell.tsx'
import { lastNamespace } from '../../state/address.ts'
import { ACTION_WORDS, grantInWords, inDays, patternsIn, wrongPattern } from './words.ts'

interface Form {
  readonly name: string
  readonly actions: readonly Action[]
  readonly namespaces: string
  readonly sections: string
  /** Days from now, `never`, or `date`. */
  readonly expiry: string
  readonly date: string
}

const EXPIRIES: readonly Option[] = [
  ['7', 'in 7 days'],
  ['30', 'in 30 days'],
  ['90', 'in 90 days'],
  ['365', 'in a year'],
  ['date', 'at a time…'],
  ['never', 'never'],
]

const begin = (): Form => ({
  name: '',
  actions: ['config:read'],
  namespaces: lastNamespace() ?? '*',
  sections: '',
  expiry: '90',
  date: '',
})

/** A new token; what was typed stays when the dialog is closed. */
export function CreateToken({ done }: { readonly done: (token: NewToken) => void }): ReactNode {
  const [isOpen, setOpen] = useState(false)
  const [form, setForm] = useState(begin)
  const { isBusy, error, run, forget } = useAct()
  const close = (): void => {
    setOpen(false)
    forget()
  }
  const create = async (): Promise<void> => {
    const made = await ask<NewToken>('createToken', { body: requestOf(form) })
    setForm(begin())
    setOpen(false)
    done(made)
  }
  return (
    <>
      <Button kind="primary" icon={Plus} onClick={() => setOpen(true)}>
        Create a token…
      </Button>
      <Dialog title="Create a token" isOpen={isOpen} close={close}>
        <form
          className="fields"
          onSubmit={(event) => {
            event.preventDefault()
            run(create)
          }}
        >
          <Fields form={form} change={(more) => setForm({ ...form, ...more })} />
          {error !== null && <Failure what="No token was made" error={error} />}
          <div className="acts end">
            <Button onClick={close}>Not now</Button>
            <Button type="submit" kind="primary" disabled={isBusy || !isComplete(form)}>
              {isBusy ? 'Creating…' : 'Create it'}
            </Button>
          </div>
          {isComplete(form) && <FromShell lines={[curl('createToken', { body: requestOf(form) })]} />}
        </form>
      </Dialog>
    </>
  )
}

function Fields({ form, change }: { readonly form: Form; readonly change: (more: Partial<Form>) => void }): ReactNode {
  const isAdmin = form.actions.includes('admin')
  return (
    <>
      <TextField
        label="Name"
        hint="What history and audit call its holder: letters, digits, . _ - and @."
        isMono
        required
        maxLength={63}
        pattern="[A-Za-z0-9._@\-]{1,63}"
        autoComplete="off"
        value={form.name}
        set={(name) => change({ name })}
      />
      <Actions actions={form.actions} set={(actions) => change({ actions })} />
      <div className="pair">
        <TextField
          label="Namespaces"
          hint="Names, or beginnings and a star, with commas between: tacacs-*. Only * is all of them."
          wrong={wrongPattern(form.namespaces)}
          isMono
          required
          value={form.namespaces}
          set={(namespaces) => change({ namespaces })}
        />
        <TextField
          label="Sections"
          hint={isAdmin ? 'Who administers does so in whole namespaces.' : 'Likewise; empty: all of them.'}
          wrong={wrongPattern(form.sections)}
          isMono
          disabled={isAdmin}
          value={isAdmin ? '' : form.sections}
          set={(sections) => change({ sections })}
        />
      </div>
      <div className="pair">
        <SelectField
          label="Expires"
          value={form.expiry}
          set={(expiry) => change({ expiry })}
          options={EXPIRIES}
          hint={form.expiry === 'never' ? 'Somebody has to think of ending it.' : 'It ends by itself then.'}
        />
        {form.expiry === 'date' && (
          <TextField
            label="At"
            type="datetime-local"
            required
            hint="On your clock."
            value={form.date}
            set={(date) => change({ date })}
          />
        )}
      </div>
      {isComplete(form) && <p className="faint">{grantInWords(requestOf(form).grants[0]!)}.</p>}
    </>
  )
}

function Actions({
  actions,
  set,
}: {
  readonly actions: readonly Action[]
  readonly set: (actions: readonly Action[]) => void
}): ReactNode {
  const isAdmin = actions.includes('admin')
  return (
    <Group name="It may">
      {ACTIONS.map((action) => (
        <CheckField
          key={action}
          word={<code>{action}</code>}
          says={ACTION_WORDS[action].says}
          isChecked={actions.includes(action) || isAdmin}
          isDisabled={isAdmin && action !== 'admin'}
          set={(isChecked) => set(ACTIONS.filter((one) => (one === action ? isChecked : actions.includes(one))))}
        />
      ))}
    </Group>
  )
}

function isComplete({ name, actions, namespaces, sections, expiry, date }: Form): boolean {
  const isTimed = expiry !== 'date' || !Number.isNaN(Date.parse(date))
  const isPlaced = patternsIn(namespaces).length > 0 && [namespaces, sections].every((one) => !wrongPattern(one))
  return name.trim() !== '' && actions.length > 0 && isPlaced && isTimed
}

function requestOf({ name, actions, namespaces, sections, expiry, date }: Form): TokenRequest {
  const isAdmin = actions.includes('admin')
  const within = isAdmin ? [] : patternsIn(sections)
  const expiresAt = expiry === 'date' ? new Date(date).toISOString() : inDays(Number(expiry))
  return {
    name: name.trim(),
    grants: [
      {
        actions: isAdmin ? ['admin'] : actions,
        namespaces: patternsIn(namespaces),
        ...(within.length > 0 && { sections: within }),
      },
    ],
    ...(expiry !== 'never' && { expiresAt }),
  }
}
