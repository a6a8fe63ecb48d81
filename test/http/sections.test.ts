// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what a base file has
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACTIONS, type Grant } from '../../src/model/principal.ts'
import type { Version } from '../../src/model/version.ts'
import { type Server, serve } from '../../src/server.ts'
import { PATHS, type RouteName } from '../../src/wire/paths.ts'
import { asked, type Got, type Sent } from './canary-asking.ts'
import { type Facts, requestsTo } from './canary-requests.ts'
import { canary, Evidence } from './canary-traces.ts'

const NAMES = Object.keys(PATHS) as RouteName[]
const NS = '/api/v1/namespaces/default'
const WORD = 'kanarie'
const [HIDDEN, KEY, VALUE] = [`${WORD}_s`, `${WORD}_k`, `${WORD}-v`]
const json = { 'content-type': 'application/json' }

/** The linter takes it for a promise's. */
const THEN = 'then'

const SCHEMA = {
  type: 'object',
  properties: {
    mine: {
      type: 'object',
      properties: {
        port: { type: 'integer', 'x-restart': true },
        password: { type: 'string', writeOnly: true },
        a: {},
        b: {},
      },
      dependentRequired: { a: ['b'] },
    },
    [HIDDEN]: {
      type: 'object',
      properties: {
        token: { type: 'string', writeOnly: true },
        mode: { enum: [`${VALUE}-on`, `${VALUE}-off`] },
        slow: { type: 'integer', 'x-restart': true },
      },
    },
  },
  if: { properties: { [HIDDEN]: { properties: { mode: { const: `${VALUE}-on` } } } } },
  [THEN]: {
    properties: { mine: { properties: { port: { maximum: 9000 } } } },
    description: `as ${HIDDEN}.mode is ${VALUE}-on`,
  },
  dependentRequired: { [HIDDEN]: ['mine'], extra: [HIDDEN] },
  dependentSchemas: { extra: { required: [`${HIDDEN}_2`] } },
}

const base = (more = '') => `mine:
  port: 1
  host: h
  url: "http://u:\${${HIDDEN}.token}@\${mine.host}"
  password: open-sesame
${HIDDEN}:
  ${KEY}: "${VALUE}-base"
  token: "${VALUE}-token"
  mode: "${VALUE}-on"
  slow: 1
${WORD}_out: "${VALUE}-outside"
${more}`

let server: Server
let directory: string
let admin = ''
let limited: { readonly id: string; readonly text: string }
let facts: Facts
const evidence = new Evidence()

async function call<T>(token: string, method: string, path: string, body?: unknown, headers = {}): Promise<T> {
  const got = await send(token, method, path, body, headers)
  if (got.status >= 400) throw new Error(`${method} ${path}: ${got.status} ${got.text}`)
  return (got.text === '' ? undefined : JSON.parse(got.text)) as T
}

const send = (token: string, method: string, path: string, body?: unknown, headers = {}): Promise<Got> =>
  asked(server.port, {
    method,
    path,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && json), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

async function token(name: string, grants: readonly Grant[]): Promise<{ readonly id: string; readonly text: string }> {
  const made = { name, grants }
  const { token: one, text } = await call<{ token: { id: string }; text: string }>(
    admin,
    'POST',
    '/api/v1/tokens',
    made,
  )
  return { id: one.id, text }
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-sections-'))
  writeFileSync(join(directory, 'base.yaml'), base())
  writeFileSync(join(directory, 'schema.json'), JSON.stringify(SCHEMA))
  const sources = [{ kind: 'file', path: 'base.yaml', interpolate: true } as const]
  server = await serve({
    directory,
    store: 'store.db',
    port: 0,
    tokenRate: 1e9,
    addressRate: 1e9,
    drainSeconds: 1,
    environment: {},
    namespaces: { default: { sources, schema: 'schema.json' } },
    schedules: [{ name: 'nightly', task: 'backup', cron: '0 3 * * *' }],
    onFirstToken: (text) => {
      admin = text
    },
    log: { info: () => undefined, warn: () => undefined },
  })
  const actions = ACTIONS.filter((one) => one !== 'admin')
  limited = await token('limited', [{ actions, namespaces: ['default', 'never'], sections: ['mine'] }])
  await fill()
})
afterAll(async () => {
  await server.close()
  rmSync(directory, { recursive: true, force: true })
})

/** A past and a present in which both sections changed, alone and together. */
async function fill(): Promise<void> {
  await call(admin, 'PUT', '/api/v1/namespaces/other')
  const change = (body: object, headers = {}) => call(admin, 'POST', `${NS}/changes`, body, headers)
  const why = { reason: `${WORD}-reason`, comment: `${WORD}-comment` }
  await call(admin, 'PUT', `${NS}/instances/one`, report)
  await change({ set: { mine: { port: 2 } }, reason: 'ours' })
  await change(
    { set: { [HIDDEN]: { [KEY]: VALUE, token: `${VALUE}-2`, slow: 2 } }, ...why },
    { 'idempotency-key': 'k' },
  )
  await call(admin, 'POST', `${NS}/versions`, { description: `${WORD}-description`, tags: ['agreed'], baseline: true })
  await change({ set: { mine: { host: 'g' }, [HIDDEN]: { [KEY]: `${VALUE}-3` } }, reason: 'both' })
  await change({ set: { '': { [`${WORD}_out`]: `${VALUE}-4` } }, mask: [`${HIDDEN}.mode`], ...why })
  await change({ set: { [HIDDEN]: { [`${WORD}_new`]: { [KEY]: [VALUE] } } }, ...why })
  await change({ unset: [`${HIDDEN}.${KEY}`], ...why })
  writeFileSync(join(directory, 'base.yaml'), base(`${WORD}_s2: { ${KEY}: "${VALUE}" }\n`))
  await call(admin, 'POST', `${NS}/sources/reload`)
  writeFileSync(join(directory, 'base.yaml'), `${HIDDEN}: { ${KEY}: "${VALUE}`)
  await call(admin, 'POST', `${NS}/sources/reload`)
  await send(admin, 'GET', `${NS}/config/${HIDDEN}/token?reveal=true`)
  await call(admin, 'POST', '/api/v1/backups')
  facts = await factsNow()
}

const report = { host: 'h', version: 1, startVersion: 1, startedAt: '2026-11-01T00:00:00Z' }

async function factsNow(): Promise<Facts> {
  const { items } = await call<{ items: readonly { id: number }[] }>(admin, 'GET', `${NS}/versions?limit=1000`)
  const ids = items.map(({ id }) => String(id))
  const [backup] = await call<readonly { name: string }[]>(admin, 'GET', '/api/v1/backups')
  return {
    ns: 'default',
    sections: ['mine', HIDDEN, '""', 'nowhere'],
    keys: [
      ['mine', 'port'],
      ['mine', 'url'],
      ['mine', 'none'],
      [HIDDEN, KEY],
      [HIDDEN, 'none'],
      ['""', `${WORD}_out`],
    ],
    refs: [...ids, 'latest', 'baseline', 'agreed~1', '@2099-01-01T00:00:00Z'],
    tags: ['agreed'],
    names: ['limited', admin],
    instances: ['one'],
    tokens: [limited.id],
    webhooks: ['none'],
    deliveries: ['none'],
    schedules: ['nightly'],
    backups: [backup!.name],
    bodies: {
      change: [
        { set: { mine: { port: 7 } }, dryRun: true },
        { set: { mine: { port: 9999 } } },
        { set: { mine: { a: 1 } } },
        { set: { mine: { port: 'x', host: `\${${HIDDEN}.${KEY}}` } } },
        { set: { mine: { port: 3 } }, ifVersion: 2 },
        { set: { [HIDDEN]: { [KEY]: 'x' } } },
        { set: { extra: 1 } },
        { unset: [HIDDEN, 'mine'] },
        { mask: [`${HIDDEN}.${KEY}`] },
        { mask: ['mine', 'mine.host'], dryRun: true },
      ],
      validate: [
        {},
        { set: { mine: { port: 9999 } } },
        { set: { mine: { a: 1 } } },
        { set: { [HIDDEN]: { [KEY]: 'x' } } },
        { unset: ['mine'], mask: [HIDDEN] },
        { mask: ['mine'] },
      ],
      restore: [
        { dryRun: true },
        { dryRun: true, sections: ['mine'] },
        { dryRun: true, sections: [HIDDEN] },
        { dryRun: true, sections: ['mine'], mode: 'overrides' },
      ],
      revert: [{ dryRun: true }],
      setOverride: [{ value: 1, dryRun: true }, { value: { a: 1 } }],
      reportInstance: [report],
      createToken: [{ name: 'x', grants: [{ actions: ['config:read'], namespaces: ['default'] }] }],
    },
  }
}

/** Stands in a text of its own section. */
const REFERENCE = `\${${HIDDEN}.token}`

/** What a request names itself may be said back. */
function dueOf({ path, body = '' }: Sent): readonly string[] {
  const said = decodeURIComponent(path) + body
  const named = [HIDDEN, KEY, `${WORD}_out`].filter((one) => said.includes(one))
  return [...named, REFERENCE]
}

async function hear(sent: Sent, headers: Readonly<Record<string, string>> = {}): Promise<Got> {
  const all = { ...sent.headers, authorization: `Bearer ${limited.text}`, 'request-id': 'same', ...headers }
  const got = await asked(server.port, { ...sent, headers: all })
  const where = `${sent.method} ${sent.path} ${sent.body ?? ''} → ${got.status}`
  const due = [...dueOf(sent), ...Object.values(headers).map((text) => text.replaceAll('"', ''))]
  evidence.hear(where, got.body, due)
  evidence.hear(`the head of ${where}`, got.head, due)
  expect(got.status, `${where}: ${got.text}`).toBeLessThan(500)
  // a heartbeat comes when its time is, whatever is told
  return { ...got, text: got.text.replaceAll(': beat\n\n', '') }
}

const traces = () => evidence.find([canary('the other section', WORD), canary('the admin token', admin)])

describe('who may see one section', () => {
  it('is told nothing of another by any route, whatever is asked', { timeout: 60_000 }, async () => {
    let answered = 0
    for (const name of NAMES) {
      for (const sent of requestsTo(name, facts)) if ((await hear(sent)).status < 300) answered++
    }
    expect(answered).toBeGreaterThan(100)
    expect(traces()).toEqual([])
  })

  it('is told nothing by pages, however they are cut, nor by cursors of others', async () => {
    for (const list of ['/history', '/versions']) {
      for (const more of ['', '&section=mine', '&by=limited', '&key=port']) {
        let cursor = ''
        for (let page = 0; page < 30; page++) {
          const { text } = await hear({
            method: 'GET',
            path: `${NS}${list}?limit=1${list === '/history' ? more : ''}${cursor}`,
          })
          const { nextCursor } = JSON.parse(text) as { nextCursor: string | null }
          if (nextCursor === null) break
          cursor = `&cursor=${encodeURIComponent(nextCursor)}`
        }
      }
    }
    for (let id = 1; id < 40; id++) await hear({ method: 'GET', path: `${NS}/history?cursor=${id}&limit=2` })
    expect(traces()).toEqual([])
  })

  it('is told nothing by a watch, from the beginning, from the middle or live', async () => {
    const paths = ['', '?since=0', '?since=3', `?since=0&section=${HIDDEN}`, '?since=1&reveal=true']
    const streams = paths.map((query) => hear({ method: 'GET', path: `${NS}/watch${query}` }))
    const body = { set: { [HIDDEN]: { [KEY]: `${VALUE}-live`, slow: 3 } }, reason: `${WORD}-live` }
    await call(admin, 'POST', `${NS}/changes`, body)
    expect((await Promise.all(streams)).map(({ status }) => status)).not.toContain(500)
    expect(traces()).toEqual([])
  })

  it('is told nothing by another’s Idempotency-Key, by conditions or by waiting', async () => {
    const set = { set: { [HIDDEN]: { [KEY]: VALUE, token: `${VALUE}-2`, slow: 2 } } }
    const why = { reason: `${WORD}-reason`, comment: `${WORD}-comment` }
    const change = (body: object): Sent => ({
      method: 'POST',
      path: `${NS}/changes`,
      headers: json,
      body: JSON.stringify(body),
    })
    expect((await hear(change({ ...set, ...why }), { 'idempotency-key': 'k' })).status).toBe(403)
    expect((await hear(change({ set: { mine: { port: 5 } } }), { 'idempotency-key': 'k' })).status).toBe(201)
    const whole = await call<{ hash: string }>(admin, 'GET', `${NS}/versions/latest`)
    for (const tag of [`"${whole.hash}"`, '"x"', '*']) {
      await hear(change({ set: { mine: { port: 6 } }, dryRun: true }), { 'if-match': tag })
      await hear({ method: 'GET', path: `${NS}/config` }, { 'if-none-match': tag })
      await hear({ method: 'GET', path: `${NS}/snapshot` }, { 'if-none-match': tag })
    }
    const waiting = hear({ method: 'GET', path: `${NS}/config?wait=2s` })
    await call(admin, 'POST', `${NS}/changes`, { set: { [HIDDEN]: { slow: 9 } }, ...why })
    await waiting
    expect(traces()).toEqual([])
  })

  it('cannot have a reference written by itself resolved: not in its own key, nor through one of the base', async () => {
    const host = `\${${HIDDEN}.${KEY}}\${${WORD}_out.x}\${HOME:-home}`
    await call(limited.text, 'POST', `${NS}/changes`, { set: { mine: { host, port: 8 } } })
    for (const path of ['/config/mine/host', '/config/mine/url', '/config?reveal=true', '/snapshot?reveal=true']) {
      const { text } = await send(limited.text, 'GET', `${NS}${path}`)
      expect(text.replaceAll(JSON.stringify(host).slice(1, -1), '')).not.toMatch(new RegExp(`${WORD}-|home|/root`))
      expect(text).toContain(HIDDEN)
    }
  })

  it('has the same answer, byte for byte, where there is something and where there is nothing', async () => {
    const absent = `${'x'.repeat(HIDDEN.length)}`
    const none = `${'y'.repeat(KEY.length)}`
    const renamed = (text: string): string => text.replaceAll(HIDDEN, absent).replaceAll(KEY, none)
    const told = ({ head, text }: Got): string => renamed(`${head}\n${text}`).replace(/^.*GMT$/gm, '')
    const differing: string[] = []
    for (const name of NAMES) {
      for (const sent of requestsTo(name, facts).filter((one) => dueOf(one).length > 1)) {
        const other = { ...sent, path: renamed(sent.path), ...(sent.body && { body: renamed(sent.body) }) }
        const [there, nowhere] = [await hear(sent), await hear(other)]
        if (told(there) !== told(nowhere))
          differing.push(`${name} ${sent.path} ${sent.body}: ${there.text} | ${nowhere.text}`)
      }
    }
    expect(differing.slice(0, 3)).toEqual([])
  })

  it('is never told a hash that covers more than it may see, in whatever answer', async () => {
    const { items } = await call<{ items: readonly Version[] }>(admin, 'GET', `${NS}/versions?limit=1000`)
    const hashes = items.flatMap(({ hash, chainHash }) => [hash, chainHash])
    const found = evidence.find([...new Set(hashes)].map((one) => canary('a hash', one.slice(0, 16))))
    expect(items.length).toBeGreaterThan(5)
    expect(found.slice(0, 3)).toEqual([])
  })

  it('has the same answer where it guesses a hash rightly, and where wrongly', async () => {
    const { id, hash, chainHash } = await call<Version>(admin, 'GET', `${NS}/versions/latest~3`)
    const ways = (guess: string, chain: string): readonly Sent[] => [
      ...['', '~1'].map((back) => ({ method: 'GET', path: `${NS}/versions/${guess}${back}` })),
      ...['config', 'snapshot', 'config/mine'].map((of) => ({ method: 'GET', path: `${NS}/${of}?at=${guess}` })),
      { method: 'GET', path: `${NS}/compare?from=${guess}&to=latest` },
      { method: 'POST', path: `${NS}/versions/${guess}/restore`, headers: json, body: '{"sections":["mine"]}' },
      { method: 'GET', path: `${NS}/watch?since=${id}-${chain}` },
    ]
    for (const digits of [8, 16, 64]) {
      const [right, wrong] = [hash.slice(0, digits), 'f'.repeat(digits)]
      const others = ways(wrong, wrong)
      for (const [i, sent] of ways(right, chainHash.slice(0, digits)).entries()) {
        const [there, nowhere] = [await hear(sent), await hear(others[i]!)]
        expect([sent.path, there.status, there.text.replaceAll(right, wrong)]).toEqual([
          sent.path,
          nowhere.status,
          nowhere.text,
        ])
      }
    }
  })

  /** Of a page of the console, which is another each time. */
  const NONCE = /<meta name="csp-nonce" content="[^"]*" \/>/

  it('has the same answer for a namespace that is there and one that is not', async () => {
    const differing: string[] = []
    for (const name of NAMES.filter((one) => PATHS[one][1].includes('{ns}'))) {
      for (const sent of requestsTo(name, { ...facts, refs: ['1', 'latest'] })) {
        const at = (ns: string): Sent => ({ ...sent, path: sent.path.replace('/default', `/${ns}`) })
        const [there, nowhere] = [await hear(at('other')), await hear(at('ohter'))]
        const told = ({ status, text }: Got) => `${status} ${text.replaceAll('ohter', 'other').replace(NONCE, '')}`
        if (told(there) !== told(nowhere)) differing.push(`${name} ${sent.path}: ${there.text} | ${nowhere.text}`)
      }
    }
    expect(differing.slice(0, 3)).toEqual([])
  })
})
