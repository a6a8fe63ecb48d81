import { HoldfastError } from '../../model/errors.ts'
import { suggest } from '../../model/suggest.ts'
import type { Delivery, NewWebhook, Webhook, WebhookKind, Webhooks } from '../../model/webhook.ts'
import { type Action, runAction } from '../actions.ts'
import type { Call, Run } from '../command.ts'
import { confirm } from '../confirm.ts'
import { defined } from '../flags.ts'
import { openStore } from '../open.ts'
import type { Printer } from '../print.ts'
import { adminOptions } from '../serving/admin-options.ts'
import { type Column, table } from '../table.ts'
import { duration, visible } from '../text.ts'
import { age, stamp } from '../time.ts'

const ACTIONS: Readonly<Record<string, Action>> = {
  create: { takes: ['NAME', 'URL'], flags: ['kind', 'namespace-pattern', 'section'], run: create },
  list: { takes: [], run: list },
  test: { takes: ['HOOK'], run: test },
  deliveries: { takes: ['HOOK'], flags: ['limit', 'cursor'], run: deliveries },
  replay: { takes: ['HOOK', 'DELIVERY'], run: replay },
  rotate: { takes: ['HOOK'], run: rotate },
  enable: { takes: ['HOOK'], run: (call, operands) => toggle(call, operands, true) },
  disable: { takes: ['HOOK'], run: (call, operands) => toggle(call, operands, false) },
  delete: { takes: ['HOOK'], flags: ['yes'], run: remove },
}

export const run: Run = (call) => runAction(call, 'webhook', ACTIONS)

async function withWebhooks<T>(call: Call, work: (webhooks: Webhooks) => Promise<T>): Promise<T> {
  const { admin } = await openStore(call, (target) => adminOptions(call, target))
  await using store = admin
  return await work(store.webhooks)
}

/** Finds a webhook by its id or its name first: people know names. */
const withWebhook = <T>(call: Call, hook: string, work: (hooks: Webhooks, found: Webhook) => Promise<T>): Promise<T> =>
  withWebhooks(call, async (hooks) => work(hooks, findHook(await hooks.list(), hook)))

function findHook(all: readonly Webhook[], hook: string): Webhook {
  const found = all.find(({ id, name }) => id === hook || name === hook)
  if (found !== undefined) return found
  const near = suggest(
    hook,
    all.map(({ name }) => name),
  )
  const hint = near === undefined ? ' "holdfast webhook list" shows those there are.' : ` Did you mean ${near}?`
  throw new HoldfastError('not-found', `there is no webhook ${hook}.${hint}`, { what: hook })
}

async function create(call: Call, [name = '', url = '']: readonly string[]): Promise<undefined> {
  const { flags } = call
  const some = (flag: string) => (flags.has(flag) ? flags.texts(flag) : undefined)
  const request = defined({
    kinds: some('kind') as readonly WebhookKind[] | undefined,
    namespaces: some('namespace-pattern'),
    sections: some('section'),
  })
  printNew(await withWebhooks(call, (hooks) => hooks.create({ name, url, ...request })), call.print)
}

async function rotate(call: Call, [hook = '']: readonly string[]): Promise<undefined> {
  printNew(await withWebhook(call, hook, (hooks, { id }) => hooks.rotateSecret(id)), call.print)
  call.print.note('For 24 hours messages carry the signature of the secret before, too.')
}

/** The secret alone on standard output, so that it can go straight to where it is kept. */
function printNew(made: NewWebhook, print: Printer): void {
  if (print.json) print.document(made)
  else print.line(made.secret)
  const { name, id } = made.webhook
  print.note(`Webhook ${name} (${id}); its signing secret is shown this once.`)
}

async function list(call: Call): Promise<undefined> {
  const { print } = call
  const hooks = await withWebhooks(call, (all) => all.list())
  if (print.json) print.document(hooks)
  else if (hooks.length === 0) print.note('No webhooks yet.')
  else
    print.lines(
      table(
        HOOK_COLUMNS,
        hooks.map((hook) => hookRow(hook, print)),
        print,
      ),
    )
}

const HOOK_COLUMNS: readonly Column[] = [
  { title: 'NAME', least: 8 },
  { title: 'ID', least: 8 },
  { title: 'STATE' },
  { title: 'URL', least: 16 },
  { title: 'KINDS', least: 6 },
  { title: 'WHERE', least: 6 },
]

function hookRow({ name, id, url, kinds, namespaces, sections, isEnabled, disabledReason }: Webhook, print: Printer) {
  const where = [...namespaces, ...(sections ?? []).map((section) => `${section}.`)].join(' ')
  return [
    { text: name, paint: (text: string) => print.paint('bold', text) },
    id,
    {
      text: isEnabled ? 'on' : disabledReason === null ? 'off' : 'failed',
      paint: (text: string) => print.paint(isEnabled ? 'green' : 'red', text),
    },
    url,
    kinds.join(' '),
    where,
  ]
}

async function test(call: Call, [hook = '']: readonly string[]): Promise<undefined> {
  const delivery = await withWebhook(call, hook, (hooks, { id }) => hooks.test(id))
  printQueued(delivery, 'A test message', call.print)
}

async function replay(call: Call, [hook = '', delivery = '']: readonly string[]): Promise<undefined> {
  printQueued(await withWebhook(call, hook, (hooks, { id }) => hooks.replay(id, delivery)), 'The message', call.print)
}

function printQueued(delivery: Delivery, what: string, print: Printer): void {
  if (print.json) print.document(delivery)
  else print.note(`${what} (${delivery.id}) waits for the server to send it; "webhook deliveries" tells how it went.`)
}

async function toggle(call: Call, [hook = '']: readonly string[], isEnabled: boolean): Promise<undefined> {
  const found = await withWebhook(call, hook, (hooks, { id }) => hooks.update(id, { isEnabled }))
  if (call.print.json) call.print.document(found)
  else call.print.note(`Webhook ${found.name} (${found.id}) is ${isEnabled ? 'on' : 'off'}.`)
}

async function remove(call: Call, [hook = '']: readonly string[]): Promise<undefined> {
  const gone = await withWebhook(call, hook, async (hooks, found) => {
    await confirm(call, `This deletes the webhook ${visible(found.name)} with its deliveries, for good.`, found.name)
    await hooks.delete(found.id)
    return found
  })
  if (call.print.json) call.print.document(gone)
  else call.print.note(`Webhook ${gone.name} (${gone.id}) is deleted.`)
}

async function deliveries(call: Call, [hook = '']: readonly string[]): Promise<undefined> {
  const { flags, print } = call
  const query = defined({ limit: flags.integer('limit'), cursor: flags.text('cursor') })
  const { items, nextCursor } = await withWebhook(call, hook, (hooks, { id }) => hooks.deliveries(id, query))
  if (print.json) print.document(items)
  else if (items.length === 0) print.note('Nothing was sent yet.')
  else {
    const now = new Date()
    print.lines(
      table(
        DELIVERY_COLUMNS,
        items.map((one) => deliveryRow(one, now, print)),
        print,
      ),
    )
  }
  if (nextCursor !== null) print.note(`There is more: --cursor ${nextCursor}`)
}

const DELIVERY_COLUMNS: readonly Column[] = [
  { title: 'DELIVERY' }, // whole: it is there to be copied
  { title: 'KIND', least: 6 },
  { title: 'NAMESPACE', least: 6 },
  { title: 'STATE' },
  { title: 'TRIES', isRight: true },
  { title: 'AGE' },
  { title: 'ANSWER', least: 6 },
]

const STYLE = { waiting: 'cyan', delivered: 'green', failed: 'red' } as const

function deliveryRow(delivery: Delivery, now: Date, print: Printer) {
  const { id, kind, namespace, state, attempts, createdAt } = delivery
  return [
    id,
    kind,
    namespace ?? '–',
    { text: state, paint: (text: string) => print.paint(STYLE[state], text) },
    String(attempts),
    age(createdAt, now),
    answerOf(delivery),
  ]
}

function answerOf({ status, error, duration: took, nextAttemptAt }: Delivery): string {
  const words = [
    ...(status === null ? [] : [String(status)]),
    ...(error === null ? [] : [error]),
    ...(took === null ? [] : [`in ${duration(took)}`]),
    ...(nextAttemptAt === null ? [] : [`next ${stamp(nextAttemptAt)}`]),
  ]
  return words.join(' ')
}
