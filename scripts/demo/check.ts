import { setTimeout as sleep } from 'node:timers/promises'
import { PATHS, pathTo, type RouteName } from '../../src/wire/paths.ts'
import { PROD, TEST } from './people.ts'

/** What a page of the console would ask for, and a claim that there is something of each kind to see. */
type Claim = readonly [RouteName, Readonly<Record<string, string>>, string, (body: never) => boolean]

type Rows = readonly Readonly<Record<string, unknown>>[]
type Page = { readonly items: Rows }

const has = (name: string, ...values: readonly unknown[]) => {
  const all = (rows: Rows): boolean => values.every((value) => rows.some((row) => row[name] === value))
  return (body: Rows | Page): boolean => all('items' in body ? body.items : body)
}
const some = (body: Rows | Page): boolean => ('items' in body ? body.items : body).length > 0

const IN_PROD = { ns: PROD }

/** Everything that is to be seen, by the page that shows it. */
const CLAIMS: readonly Claim[] = [
  ['listNamespaces', {}, '', has('namespace', PROD, TEST)],
  ['readConfig', IN_PROD, '', (body: Readonly<Record<string, unknown>>) => Object.keys(body).length > 15],
  ['listSources', IN_PROD, '', has('kind', 'file', 'env')],
  ['drift', IN_PROD, '?kind=override', has('state', 'intentional', 'stale', 'redundant', 'orphaned')],
  ['drift', IN_PROD, '?kind=override', has('isMask', true)],
  ['drift', IN_PROD, '?kind=baseline', some],
  ['drift', IN_PROD, '?kind=instance', has('needsRestart', true, false)],
  ['history', IN_PROD, '?limit=1000', has('changedBy', 'ana', 'bo', 'deploy')],
  ['blame', IN_PROD, '', some],
  ['listVersions', IN_PROD, '?limit=1000', has('cause', 'change', 'source', 'restore', 'snapshot')],
  ['listVersions', IN_PROD, '?limit=1000', has('isBaseline', true)],
  ['listVersions', { ns: TEST }, '', (body: Page) => body.items.length >= 5],
  ['compare', IN_PROD, '?from=baseline&to=latest', (body: { readonly changes: Rows }) => some(body.changes)],
  ['listInstances', IN_PROD, '', has('state', 'current', 'behind')],
  ['listTokens', {}, '', has('state', 'active', 'expired')],
  ['audit', {}, '?limit=1000', has('event', 'refused', 'secret-read', 'token-created', 'backup', 'schedule-run')],
  ['listWebhooks', {}, '', has('isEnabled', true, false)],
  ['listSchedules', {}, '', (body: Rows) => body.every(({ lastRun }) => lastRun !== null)],
  ['listBackups', {}, '', (body: Rows) => body.length >= 2],
  ['stats', {}, '', (body: { readonly largestKeys: Rows }) => some(body.largestKeys)],
]

/** Asks for the console, each of its files, and all that its pages show; rejects where something is not there. */
export async function check(url: string, token: string): Promise<void> {
  const document = await read(url, '/')
  const files = Array.from(document.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g), ([, file]) => file!)
  if (files.length === 0) throw new Error('the console names no file')
  for (const file of files) await read(url, file)
  const headers = { authorization: `Bearer ${token}` }
  const ask = async (path: string): Promise<never> => JSON.parse(await read(url, path, headers)) as never
  for (const [name, parameters, query, isSo] of CLAIMS) {
    const path = `${pathTo(name, parameters)}${query}`
    if (!isSo(await ask(path))) throw new Error(`${PATHS[name][0]} ${path} shows less than it should`)
  }
  await checkDeliveries(ask)
}

/** Messages are sent in the background: what is on its way is waited for. */
async function checkDeliveries(ask: (path: string) => Promise<never>): Promise<void> {
  const hooks: readonly { id: string; name: string }[] = await ask(pathTo('listWebhooks'))
  const chat = hooks.find(({ name }) => name === 'chat')!
  for (let i = 0; i < 100; i++) {
    if (has('state', 'delivered', 'failed')(await ask(pathTo('listDeliveries', { id: chat.id })))) return
    await sleep(100)
  }
  throw new Error('no message of the chat was delivered, or none failed')
}

async function read(url: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const answer = await fetch(url + path, { headers })
  if (answer.ok) return answer.text()
  throw new Error(`GET ${path} answered ${answer.status}: ${await answer.text()}`)
}
