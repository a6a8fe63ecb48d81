import { Boxes, Plus, Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useLocation } from 'wouter'
import type { NamespaceStats } from '../../../model/admin.ts'
import { useAct } from '../../api/act.ts'
import { ask } from '../../api/ask.ts'
import { queries, readStoreAgain, SLOW_MS, useAnswer } from '../../api/queries.ts'
import { useAccess } from '../../api/session.tsx'
import { Button, Empty, Failure, PageHead, Skeleton } from '../../parts/basics.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { TextField } from '../../parts/fields.tsx'
import { command, curl, FromShell } from '../../parts/shell.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { say } from '../../parts/toasts.tsx'
import { forgetNamespace, lastNamespace, pageOf } from '../../state/address.ts'
import { plural } from '../../state/show.ts'
import { NAMESPACE_COLUMNS } from './store.tsx'

/** The namespaces: each a configuration of its own, with its versions and its history. */
export default function Namespaces(): ReactNode {
  const { data, error, refetch } = useAnswer<readonly NamespaceStats[]>(undefined, 'listNamespaces', { every: SLOW_MS })
  const { may } = useAccess()
  const [ending, setEnding] = useState<NamespaceStats | null>(null)
  const mayChange = may('admin', '*')
  const acts: Column<NamespaceStats> = {
    head: 'Actions',
    kind: 'acts',
    cell: (one) => (
      <Button kind="danger" isSmall icon={Trash2} aria-label={`Delete ${one.namespace}`} onClick={() => setEnding(one)}>
        Delete…
      </Button>
    ),
  }
  return (
    <>
      <PageHead title="Namespaces" says={data ? verdict(data) : 'Each is a configuration of its own.'}>
        {mayChange && <CreateNamespace />}
      </PageHead>
      {error && <Failure what="The namespaces cannot be read" error={error} retry={() => void refetch()} />}
      {data === undefined && !error && <Skeleton lines={5} />}
      {data?.length === 0 && (
        <Empty icon={Boxes} title="No namespace that you may see">
          <p>A namespace is a configuration of its own, with versions and history. Create one to put it here.</p>
        </Empty>
      )}
      {data !== undefined && data.length > 0 && (
        <Table
          columns={mayChange ? [...NAMESPACE_COLUMNS, acts] : NAMESPACE_COLUMNS}
          rows={data}
          keyOf={({ namespace }) => namespace}
        />
      )}
      <FromShell
        lines={[
          curl('listNamespaces'),
          command(undefined, 'namespace', 'list'),
          command(undefined, 'namespace', 'create', 'tacacs-test'),
        ]}
      />
      {ending !== null && <DeleteNamespace stats={ending} close={() => setEnding(null)} />}
    </>
  )
}

function verdict(all: readonly NamespaceStats[]): string {
  const overrides = all.reduce((sum, one) => sum + one.overrides, 0)
  return `${plural(all.length, 'namespace')}, with ${plural(overrides, 'override')} in effect.`
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/

function CreateNamespace(): ReactNode {
  const [isOpen, setOpen] = useState(false)
  const [name, setName] = useState('')
  const [, go] = useLocation()
  const { isBusy, error, run, forget } = useAct()
  const ns = name.trim()
  const close = (): void => {
    setOpen(false)
    forget()
  }
  const create = async (): Promise<void> => {
    await ask('createNamespace', { in: { ns } })
    readStoreAgain()
    say(`${ns} is there`, { act: { word: 'Open it', run: () => go(pageOf(ns, '')) } })
    setName('')
    close()
  }
  return (
    <>
      <Button kind="primary" icon={Plus} onClick={() => setOpen(true)}>
        Create a namespace…
      </Button>
      <Dialog title="Create a namespace" isOpen={isOpen} close={close}>
        <form
          className="fields"
          onSubmit={(event) => {
            event.preventDefault()
            if (NAME.test(ns)) run(create)
          }}
        >
          <TextField
            label="Name"
            isMono
            required
            autoComplete="off"
            spellCheck={false}
            value={name}
            set={setName}
            wrong={ns === '' || NAME.test(ns) ? undefined : 'Small letters, digits, . _ and -, at most 63 of them.'}
            hint="Small letters, digits, . _ and -, such as tacacs-test. It begins empty; sources come from holdfast.yaml."
          />
          {error !== null && <Failure what="No namespace was created" error={error} />}
          <div className="acts end">
            <Button onClick={close}>Not now</Button>
            <Button type="submit" kind="primary" disabled={isBusy || !NAME.test(ns)}>
              {isBusy ? 'Creating…' : 'Create it'}
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  )
}

/** Its name has to be typed: nothing brings back what goes. */
function DeleteNamespace({
  stats: { namespace: ns, versions, history, overrides },
  close,
}: {
  readonly stats: NamespaceStats
  readonly close: () => void
}): ReactNode {
  const remove = async (): Promise<void> => {
    await ask('deleteNamespace', { in: { ns } })
    if (lastNamespace() === ns) forgetNamespace()
    queries.removeQueries({ queryKey: [ns] })
    readStoreAgain()
    say(`${ns} is deleted`)
  }
  return (
    <Confirm
      title={`Delete ${ns}?`}
      word={`Delete ${ns}`}
      failed="Not deleted: it is as before"
      isOpen
      close={close}
      act={remove}
      typed={ns}
    >
      <p>
        Lost for good: {plural(versions, 'version')}, {plural(history, 'history entry', 'history entries')} and{' '}
        {plural(overrides, 'override')}, with tags and the baseline. Services that read it are refused from now on, and
        their watches end. Tokens and webhooks that name it stay.
      </p>
      <p className="faint">Only a backup made before brings it back, and the whole store with it.</p>
    </Confirm>
  )
}
