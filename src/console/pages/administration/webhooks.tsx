import {
  CircleSlash,
  Pencil,
  Power,
  RefreshCw,
  Send,
  Trash2,
  TriangleAlert,
  Webhook as WebhookIcon,
} from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { Delivery, NewWebhook, Webhook } from '../../../model/webhook.ts'
import { ask } from '../../api/ask.ts'
import { readStoreAgain, SLOW_MS, useAnswer } from '../../api/queries.ts'
import { useAccess } from '../../api/session.tsx'
import { Badge, Button, Empty, Failure, PageHead, Skeleton } from '../../parts/basics.tsx'
import { command, curl, FromShell } from '../../parts/shell.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { say, sayRefused } from '../../parts/toasts.tsx'
import { Text, Time } from '../../parts/values.tsx'
import { useFilters } from '../../state/address.ts'
import { plural } from '../../state/show.ts'
import { Deliveries } from './deliveries.tsx'
import { isInTrouble, LastSent, useLastSent } from './last-sent.tsx'
import { RowMenu } from './row-menu.tsx'
import { DeleteWebhook, RotateWebhook, WebhookSecret } from './webhook-acts.tsx'
import { EditWebhook, NewWebhookButton } from './webhook-form.tsx'
import { placesOf } from './words.ts'

/** What is in front of the page. */
type Open = { readonly what: 'edit' | 'rotate' | 'delete'; readonly hook: Webhook }

/** Who is told of changes, and whether they hear of them. */
export default function Webhooks(): ReactNode {
  const { data, error, refetch } = useAnswer<readonly Webhook[]>(undefined, 'listWebhooks', { every: SLOW_MS })
  const { may } = useAccess()
  const [filters, change] = useFilters()
  const [open, setOpen] = useState<Open | null>(null)
  const [made, setMade] = useState<NewWebhook | null>(null)
  const mayChange = may('admin', '*')
  const last = useLastSent(data?.map(({ id }) => id) ?? [])
  const close = (): void => setOpen(null)
  const keep = (hook: NewWebhook): void => {
    readStoreAgain()
    close()
    setMade(hook)
  }
  const shown = data?.find(({ id }) => id === filters.get('deliveries'))
  return (
    <>
      <PageHead title="Webhooks" says={data ? verdict(data, last) : 'Who is told of changes.'}>
        {mayChange && <NewWebhookButton done={keep} />}
      </PageHead>
      {error && <Failure what="The webhooks cannot be read" error={error} retry={() => void refetch()} />}
      {data === undefined && !error && <Skeleton lines={4} />}
      {data?.length === 0 && (
        <Empty icon={WebhookIcon} title="Nobody is told">
          <p>
            A webhook is an address that is told, signed, of each change, of drift that a schedule found, of a source
            that went stale and of a backup that failed. Add one to put it here.
          </p>
        </Empty>
      )}
      {data !== undefined && data.length > 0 && (
        <Hooks
          hooks={data}
          last={last}
          mayChange={mayChange}
          open={setOpen}
          show={(id) => change({ deliveries: id })}
        />
      )}
      <FromShell
        lines={[
          curl('listWebhooks'),
          command(undefined, 'webhook', 'list'),
          command(undefined, 'webhook', 'create', 'chat', 'https://hooks.example.com/x', '--kind', 'change'),
        ]}
      />
      {open?.what === 'edit' && <EditWebhook hook={open.hook} close={close} />}
      {open?.what === 'rotate' && <RotateWebhook hook={open.hook} close={close} done={keep} />}
      {open?.what === 'delete' && <DeleteWebhook hook={open.hook} close={close} />}
      {made !== null && <WebhookSecret made={made} close={() => setMade(null)} />}
      {shown !== undefined && <Deliveries hook={shown} close={() => change({ deliveries: null })} />}
    </>
  )
}

function verdict(all: readonly Webhook[], last: LastByHook): string {
  if (all.length === 0) return 'Nobody is told of changes.'
  const failed = all.filter(({ disabledReason }) => disabledReason !== null).length
  const off = all.filter(({ isEnabled }) => !isEnabled).length - failed
  const lost = all.filter(({ id, isEnabled }) => isEnabled && isInTrouble(last.get(id))).length
  const words = [
    ...(failed > 0 ? [`${failed} switched off by ${failed === 1 ? 'itself' : 'themselves'}`] : []),
    ...(lost > 0 ? [`the last message to ${lost} of them did not arrive`] : []),
    ...(off > 0 ? [`${off} off`] : []),
  ]
  const count = `${plural(all.length, 'webhook')}`
  return words.length === 0
    ? `All is well: ${count}, switched on, and no message is lost.`
    : `${count}; ${words.join(', ')}.`
}

type LastByHook = ReturnType<typeof useLastSent>

interface HooksProps {
  readonly hooks: readonly Webhook[]
  readonly last: LastByHook
  readonly mayChange: boolean
  readonly open: (open: Open) => void
  readonly show: (id: string) => void
}

function Hooks({ hooks, last, mayChange, open, show }: HooksProps): ReactNode {
  const columns: readonly Column<Webhook>[] = [
    { head: 'Name', cell: Name },
    { head: 'State', cell: State },
    { head: 'Last message', cell: ({ id }) => <LastSent last={last.get(id)} /> },
    { head: 'Told of', cell: ({ kinds }) => <Kinds kinds={kinds} /> },
    { head: 'Where', cell: Where },
    { head: 'Made', cell: Made },
    {
      head: 'Actions',
      kind: 'acts',
      cell: (hook) => (
        <>
          <Button isSmall aria-label={`Deliveries of ${hook.name}`} onClick={() => show(hook.id)}>
            Deliveries
          </Button>
          {mayChange && <HookMenu hook={hook} open={open} show={show} />}
        </>
      ),
    },
  ]
  return <Table columns={columns} rows={hooks} keyOf={({ id }) => id} />
}

function HookMenu({ hook, open, show }: { readonly hook: Webhook } & Pick<HooksProps, 'open' | 'show'>): ReactNode {
  const { id, name, isEnabled } = hook
  const test = (): void => {
    ask<Delivery>('testWebhook', { in: { id } }).then(() => {
      say(`A test message is on its way to ${name}`)
      readStoreAgain()
      show(id)
    }, sayRefused)
  }
  const toggle = (): void => {
    ask<Webhook>('updateWebhook', { in: { id }, body: { isEnabled: !isEnabled } }).then(() => {
      say(
        isEnabled
          ? `${name} is off: nothing is gathered for it`
          : `${name} is on: it is told of what comes from now on`,
      )
      readStoreAgain()
    }, sayRefused)
  }
  return (
    <RowMenu
      label={`More for ${name}`}
      acts={[
        { word: 'Send a test message', icon: Send, run: test },
        { word: 'Edit…', icon: Pencil, run: () => open({ what: 'edit', hook }) },
        { word: isEnabled ? 'Switch off' : 'Switch on', icon: Power, run: toggle },
        { word: 'New signing secret…', icon: RefreshCw, run: () => open({ what: 'rotate', hook }) },
        { word: 'Delete…', icon: Trash2, run: () => open({ what: 'delete', hook }), isDangerous: true },
      ]}
    />
  )
}

const Name = ({ name, url }: Webhook): ReactNode => (
  <div className="lines narrow">
    <strong>
      <Text text={name} />
    </strong>
    <span className="faint mono">
      <Text text={url} />
    </span>
  </div>
)

function State({ isEnabled, disabledReason }: Webhook): ReactNode {
  if (isEnabled) {
    return (
      <Badge tone="accent" icon={Power}>
        on
      </Badge>
    )
  }
  return (
    <div className="lines narrow">
      <Badge
        tone={disabledReason === null ? undefined : 'red'}
        icon={disabledReason === null ? CircleSlash : TriangleAlert}
      >
        {disabledReason === null ? 'off' : 'switched off by itself'}
      </Badge>
      {disabledReason !== null && (
        <span className="faint">
          <Text text={disabledReason} />
        </span>
      )}
    </div>
  )
}

const Kinds = ({ kinds }: Pick<Webhook, 'kinds'>): ReactNode => (
  <div className="acts narrow">
    {kinds.map((kind) => (
      <Badge key={kind}>{kind}</Badge>
    ))}
  </div>
)

const Where = ({ namespaces, sections }: Webhook): ReactNode => (
  <div className="lines narrow">
    <Text text={placesOf(namespaces, 'every namespace')} />
    {sections !== null && !sections.includes('*') && (
      <span className="faint">
        sections <Text text={placesOf(sections, 'all')} />
      </span>
    )}
  </div>
)

const Made = ({ createdAt, createdBy }: Webhook): ReactNode => (
  <div className="lines">
    <Time iso={createdAt} />
    <span className="faint">
      by <Text text={createdBy} />
    </span>
  </div>
)
