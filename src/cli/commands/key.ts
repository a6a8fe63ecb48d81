import { type KeyAdmin, openKeys } from '../../engine/key-admin.ts'
import type { KeyList, KeyUse, PrunedKeys, Resealed } from '../../model/key.ts'
import { type Action, runAction } from '../actions.ts'
import type { Call, Run } from '../command.ts'
import { confirm } from '../confirm.ts'
import { defined } from '../flags.ts'
import { refuseNoStore, storeOptions } from '../open.ts'
import type { Printer } from '../print.ts'
import { progressLine } from '../progress.ts'
import { versionName } from '../result.ts'
import { pairs, table } from '../table.ts'
import { readStoreTarget } from '../target.ts'
import { count, visible } from '../text.ts'
import { stamp } from '../time.ts'

const ACTIONS: Readonly<Record<string, Action>> = {
  list: { takes: [], run: list },
  rotate: { takes: [], run: (call) => renew(call, (keys) => keys.rotate()) },
  reseal: { takes: [], run: (call) => renew(call, (keys) => keys.reseal()) },
  prune: { takes: [], flags: ['dry-run', 'yes'], run: prune },
  generate: { takes: ['FILE'], run: generate },
}

export const run: Run = (call) => runAction(call, 'key', ACTIONS)

async function withKeys<T>(call: Call, work: (keys: KeyAdmin) => Promise<T>): Promise<T> {
  const target = await readStoreTarget(call, 'holdfast key works on the machine that has the store and its keys')
  const actor = call.flags.text('actor')
  await using keys = await openKeys({ ...storeOptions(target), ...defined({ actor }) }).catch(refuseNoStore)
  return await work(keys)
}

async function list(call: Call): Promise<undefined> {
  const { io, print } = call
  const { onProgress, clear } = progressLine('reading', io, print)
  const found = await withKeys(call, (keys) => keys.list(onProgress))
  clear()
  if (print.json) print.document(found)
  else if (found.keys.length === 0) print.note('No key yet: one is made when a secret is first set.')
  else printKeys(found, print)
}

function printKeys({ from, keys }: KeyList, print: Printer): void {
  print.lines(
    table(
      COLUMNS,
      keys.map((key) => rowOf(key, print)),
      print,
    ),
  )
  print.note(`From ${from}.`)
}

const COLUMNS = [
  { title: 'KEY' },
  { title: 'IS FOR' },
  { title: 'MADE', least: 10 },
  { title: 'SECRETS', isRight: true },
  { title: 'WEBHOOKS', isRight: true },
  { title: 'VERSIONS', isRight: true },
]

const STYLE = { writing: 'green', reading: 'dim', missing: 'red' } as const

function rowOf({ id, role, madeAt, secrets, webhooks, versions }: KeyUse, print: Printer) {
  return [
    { text: id, paint: (text: string) => print.paint('bold', text) },
    { text: role, paint: (text: string) => print.paint(STYLE[role], text) },
    madeAt === null ? '–' : stamp(madeAt),
    String(secrets),
    String(webhooks),
    String(versions),
  ]
}

async function renew(call: Call, work: (keys: KeyAdmin) => Promise<Resealed>): Promise<undefined> {
  const { print } = call
  const done = await withKeys(call, work)
  if (print.json) print.document(documentOf(done))
  else printResealed(done, print)
}

const documentOf = ({ namespaces, ...done }: Resealed) => ({
  ...done,
  namespaces: namespaces.map(({ version, ...rest }) => ({ ...rest, version: version && versionName(version) })),
})

function printResealed({ key, isNew, from, namespaces, webhooks }: Resealed, print: Printer): void {
  print.line(
    isNew ? `Key ${key} is the first in ${visible(from)} now.` : `Key ${key} is the first in ${visible(from)}.`,
  )
  const rows = namespaces.map(({ namespace, version, secrets }): [string, string] => [
    namespace,
    version === null ? 'nothing to encrypt anew' : `${count(secrets, 'secret')} in version ${version.id}`,
  ])
  if (webhooks > 0) rows.push(['webhooks', count(webhooks, 'signing secret')])
  if (rows.length > 0) print.lines(pairs(rows, print))
  if (isNew) print.note('Keep a copy of it somewhere else: backups from now on need it, too.')
}

async function prune(call: Call): Promise<undefined> {
  const { flags, print } = call
  const dryRun = flags.has('dry-run')
  const done = await withKeys(call, (keys) => keys.prune({ dryRun, isMeant: (ids) => ask(call, ids) }))
  if (print.json) print.document(done)
  else print.line(sentence(done, dryRun))
}

const ask = (call: Call, ids: readonly string[]): Promise<void> =>
  confirm(
    call,
    `This takes ${ids.join(', ')} out of the ring, for good. No version here needs that; a backup from before may.`,
    'yes',
  )

function sentence({ dropped, kept, from }: PrunedKeys, dryRun: boolean): string {
  if (dropped.length === 0) return `Every key in ${visible(from)} is needed: ${kept.join(', ') || 'there is none'}.`
  return `${dryRun ? 'Would take' : 'Took'} ${dropped.join(', ')} out of ${visible(from)}; ${kept.join(', ')} ${kept.length === 1 ? 'stays' : 'stay'}.`
}

async function generate(call: Call, [file = '']: readonly string[]): Promise<undefined> {
  const { io, print } = call
  const { resolve } = await import('node:path')
  const path = resolve(io.cwd, file)
  const key = await withKeys(call, (keys) => keys.generate(path))
  if (print.json) print.document({ key, file: path })
  else print.line(`Wrote ${visible(path)}: key ${key}, before those there were.`)
  print.note(
    'When HOLDFAST_KEY_FILE or HOLDFAST_KEY gives these: start again what uses the store, then "holdfast key reseal".',
  )
}
