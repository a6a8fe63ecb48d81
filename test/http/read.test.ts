import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../src/model/access.ts'
import { folder, NS, type Served, served } from './serving.ts'

const SCHEMA = {
  type: 'object',
  properties: { db: { type: 'object', properties: { password: { type: 'string', writeOnly: true } } } },
}
const CANARY = 'canary-7f31'

const sample = { server: { port: 5050, log_level: 'INFO' }, db: { host: 'db1' }, '': { motd: 'hello' } }

async function withSample(): Promise<Served> {
  const at = await served(folder())
  await at.set(sample)
  return at
}

describe('a read of the configuration', () => {
  it('gives the canonical bytes that its hash, its tag and its version are about', async () => {
    const at = await withSample()
    const { headers, text, status } = await at.get(`${NS}/config`)
    expect(status).toBe(200)
    expect(text).toBe('{"db":{"host":"db1"},"motd":"hello","server":{"log_level":"INFO","port":5050}}')
    const { hash, id } = (await at.get(`${NS}/versions/latest`)).json
    expect(createHash('sha256').update(text).digest('hex')).toBe(hash)
    expect(headers).toMatchObject({
      etag: `"${hash}"`,
      'holdfast-version': String(id),
      'cache-control': 'private, no-cache',
      vary: 'Authorization, Cookie, Accept-Encoding',
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
    })
  })

  it('is the same ahead of the framework and behind it, before a change and after', async () => {
    const at = await withSample()
    for (const port of [1, 2]) {
      await at.set({ server: { port } })
      const [first, second] = [await at.get(`${NS}/config`), await at.get(`${NS}/config`)]
      expect(JSON.parse(second.text)).toMatchObject({ server: { port } })
      const { date, 'request-id': id, ...headers } = second.headers
      expect([second.text, first.headers]).toMatchObject([first.text, headers])
    }
  })

  it('answers 304 to who knows it: in a list, weak, or whatever it is', async () => {
    const at = await withSample()
    for (const path of ['config', 'config/server', 'snapshot', 'config?format=yaml', 'config?at=latest']) {
      const tag = String((await at.get(`${NS}/${path}`)).headers['etag'])
      for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
        const { status, text } = await at.get(`${NS}/${path}`, { headers: { 'if-none-match': known } })
        expect([path, known, status, text]).toEqual([path, known, 304, ''])
      }
      expect((await at.get(`${NS}/${path}`, { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
    }
  })

  it('gives a section, a key, what is below it, and what stands outside any section', async () => {
    const at = await withSample()
    await at.set({ upstreams: { 'api.example.com': { 'a/b': { weight: 3 } } } })
    const found = async (path: string) => (await at.get(`${NS}/config/${path}`)).json
    expect(await found('server')).toEqual({ port: 5050, log_level: 'INFO' })
    expect(await found('server/port')).toBe(5050)
    expect(await found('%22%22')).toEqual({ motd: 'hello' })
    expect(await found('%22%22/motd')).toBe('hello')
    expect(await found('upstreams/%22api.example.com%22.%22a%2Fb%22.weight')).toBe(3)
    expect((await at.get(`${NS}/config/nope`)).status).toBe(404)
    expect((await at.get(`${NS}/config/server.port`)).status).toBe(400)
    expect((await at.get(`${NS}/config/..%2fserver`)).status).toBe(400)
  })

  it('speaks each format, and says which', async () => {
    const at = await withSample()
    const yaml = await at.get(`${NS}/config?format=yaml`)
    expect([yaml.text.includes('port: 5050'), yaml.headers['content-type']]).toEqual([
      true,
      'application/yaml; charset=utf-8',
    ])
    const ini = await at.get(`${NS}/config/server?format=ini`)
    expect(ini.text).toBe('[server]\nport = 5050\nlog_level = INFO\n')
    expect((await at.get(`${NS}/config/server/port?format=toml`)).text).toContain('port = 5050')
    expect((await at.get(`${NS}/config?format=xml`)).json.detail).toContain('json, yaml')
  })

  it('tells why, and what was', async () => {
    const at = await withSample()
    await at.set({ server: { port: 6060 } })
    expect((await at.get(`${NS}/config/server/port?explain=true`)).json).toMatchObject({
      path: 'server.port',
      value: 6060,
    })
    expect((await at.get(`${NS}/config/server?explain=true`)).json).toHaveLength(2)
    expect((await at.get(`${NS}/config/server/port?at=latest~1`)).json).toBe(5050)
    expect((await at.get(`${NS}/config?at=latest~1`)).json).toMatchObject({ server: { port: 5050 } })
  })

  it('compresses what is worth it, in the coding the client takes', async () => {
    const at = await served(folder())
    await at.set({ a: { text: 'x'.repeat(5000) } })
    const { text } = await at.get(`${NS}/config`)
    for (const _ of ['made', 'kept']) {
      const raw = async (coding: string) =>
        fetch(`${at.server.url}${NS}/config`, {
          headers: { authorization: `Bearer ${at.admin}`, 'accept-encoding': coding },
        })
      const gzip = await raw('gzip')
      expect([gzip.headers.get('content-encoding'), await gzip.text()]).toEqual(['gzip', text])
      const br = await raw('gzip, br')
      expect([br.headers.get('content-encoding'), await br.text()]).toEqual(['br', text])
      const none = await raw('gzip;q=0, identity')
      expect([none.headers.get('content-encoding'), await none.text()]).toEqual([null, text])
    }
  })

  it('conceals secrets, and shows them to who asks, may, and is written down', async () => {
    const directory = folder()
    writeFileSync(join(directory, 'schema.json'), JSON.stringify(SCHEMA))
    const at = await served(directory, { namespaces: { default: { schema: 'schema.json' } } })
    await at.set({ db: { password: CANARY, host: 'h' } })
    for (const path of [
      'config',
      'config/db',
      'snapshot',
      'config/db/password?explain=true',
      'blame',
      'history',
      'drift',
    ])
      expect((await at.get(`${NS}/${path}`)).text).not.toContain(CANARY)

    const reader = await at.token('reader', [{ actions: ['config:read'], namespaces: ['*'] }])
    for (const path of ['config', 'config/db', 'config/db/password', 'snapshot']) {
      const shown = await at.get(`${NS}/${path}?reveal=true`)
      expect([shown.status, shown.text.includes(CANARY), shown.headers['cache-control']]).toEqual([
        200,
        true,
        'no-store',
      ])
      expect((await at.get(`${NS}/${path}?reveal=true`, { token: reader })).status).toBe(403)
    }
    const { items } = (await at.get('/api/v1/audit?event=secret-read')).json
    expect(items.map(({ subject }: { subject: string }) => subject)).toContain('db.password')
    expect(JSON.stringify(items)).not.toContain(CANARY)
  })

  it('stands in the audit log once for each request that showed a secret, in whatever way, and for no other', async () => {
    const directory = folder()
    writeFileSync(join(directory, 'schema.json'), JSON.stringify(SCHEMA))
    writeFileSync(
      join(directory, 'base.yaml'),
      'db: { host: h, password: first }\nurl: "db://u:${db.password}@${db.host}"\n',
    )
    const sources = [{ kind: 'file', path: 'base.yaml', interpolate: true } as const]
    const at = await served(directory, { namespaces: { default: { sources, schema: 'schema.json' } } })
    await at.set({ db: { password: CANARY } })
    const { id } = (await at.get(`${NS}/versions/latest`)).json
    const grants = [{ actions: ['config:read', 'secrets:read'] as const, namespaces: ['*'] }]
    const subjects = async (path: string) => {
      const name = `reader-${asked++}`
      const answer = await at.get(`${NS}/${path}`, { token: await at.token(name, grants) })
      const { items } = (await at.get(`/api/v1/audit?event=secret-read&who=${name}`)).json
      expect([path, answer.status, answer.text.includes(CANARY)]).toEqual([path, 200, items.length > 0])
      expect(items.length).toBeLessThanOrEqual(1)
      return items.map(({ subject, detail, count }: AuditEntry) => `${subject} ${count} ${detail}`)
    }
    let asked = 0
    for (const way of ['reveal=true', `reveal=true&at=${id}`, 'reveal=true&format=yaml'])
      expect(await subjects(`config/db?${way}`)).toEqual([`db.password 1 of version ${id}`])
    for (const way of ['config/db/password?reveal=true', 'config/db/password?explain=true&reveal=true'])
      expect(await subjects(way)).toEqual([`db.password 1 of version ${id}`])
    expect(await subjects('config/db?explain=true&reveal=true')).toEqual([`db.password 1 of version ${id}`])
    expect(await subjects('config/%22%22/url?explain=true&reveal=true')).toEqual([`url 1 of version ${id}`])
    const both = [`* 1 2 secrets of version ${id}: db.password, url`]
    for (const way of ['config?reveal=true', `config?reveal=true&at=${id}`, 'snapshot?reveal=true'])
      expect(await subjects(way)).toEqual(both)
    expect(await subjects(`snapshot?reveal=true&at=${id}`)).toEqual(both)
    for (const way of ['config', 'config/db?explain=true', 'snapshot', 'config/db/host?reveal=true'])
      expect(await subjects(way)).toEqual([])
  })

  it('of a thousand secrets is one entry of the audit log, which counts them and names the first', async () => {
    const secret = { type: 'string', writeOnly: true }
    const keys = Array.from({ length: 1000 }, (_, i) => `password-${i}`)
    const properties = Object.fromEntries(keys.map((key) => [key, secret]))
    const at = await served(folder(), { namespaces: { default: { schema: { properties: { db: { properties } } } } } })
    const id = await at.set({ db: Object.fromEntries(keys.map((key) => [key, CANARY])) })
    for (const way of ['config/db?reveal=true&explain=true', 'snapshot?reveal=true'])
      expect((await at.get(`${NS}/${way}`)).text).toContain(CANARY)
    const { items } = (await at.get('/api/v1/audit?event=secret-read')).json
    expect(items.map(({ subject, count }: AuditEntry) => `${subject} ${count}`).sort()).toEqual(['* 1', 'db 1'])
    for (const { detail } of items) {
      expect(detail).toMatch(
        new RegExp(`^1000 secrets of version ${id}: db\\.password-0, db\\.password-1, .*, and 9\\d\\d more$`),
      )
      expect(detail.length).toBeLessThanOrEqual(500)
    }
  })

  it('shows a token only its sections, under a tag of what it sees', async () => {
    const at = await withSample()
    const token = await at.token('narrow', [
      { actions: ['config:read'], namespaces: ['default'], sections: ['server'] },
    ])
    for (const _ of ['made', 'kept']) {
      const { json, headers } = await at.get(`${NS}/config`, { token })
      expect(json).toEqual({ server: { port: 5050, log_level: 'INFO' } })
      expect(headers['etag']).not.toBe((await at.get(`${NS}/config`)).headers['etag'])
    }
    expect((await at.get('/api/v1/namespaces/other/config', { token })).status).toBe(403)
    expect((await at.get(`${NS}/config/db`, { token })).text).not.toContain('db1')
  })

  it('is not given any more once the namespace, or the token, is gone', async () => {
    const at = await withSample()
    const token = await at.token('soon-gone', [{ actions: ['config:read'], namespaces: ['*'] }])
    expect((await at.get(`${NS}/config`, { token })).status).toBe(200)
    expect((await at.get(`${NS}/config`, { token })).status).toBe(200)
    await at.ask('DELETE', '/api/v1/tokens/soon-gone')
    expect((await at.get(`${NS}/config`, { token })).status).toBe(401)
    expect((await at.ask('DELETE', NS)).status).toBe(204)
    expect((await at.get(`${NS}/config`)).status).toBe(404)
  })
})

describe('a read that waits', () => {
  it('ends with the next version', async () => {
    const at = await withSample()
    const version = (await at.get(`${NS}/versions/latest`)).json.id
    const waiting = at.get(`${NS}/config?wait=30s&since=${version}`)
    await at.set({ server: { port: 7070 } })
    const { json, headers } = await waiting
    expect([json.server.port, headers['holdfast-version']]).toEqual([7070, String(version + 1)])
  })

  it('ends at once where there is a newer one, and after its time where there is none', async () => {
    const at = await withSample()
    expect((await at.get(`${NS}/config?wait=60s&since=0`)).status).toBe(200)
    const tag = String((await at.get(`${NS}/config`)).headers['etag'])
    expect((await at.get(`${NS}/config?wait=50ms`, { headers: { 'if-none-match': tag } })).status).toBe(304)
    expect((await at.get(`${NS}/config?wait=soon`)).status).toBe(400)
  })

  it('ends with its token, and when the server stops', async () => {
    const at = await withSample()
    const token = await at.token('waiter', [{ actions: ['config:read'], namespaces: ['*'] }])
    const mine = at.get(`${NS}/config?wait=60s`, { token })
    await at.get(`${NS}/config?wait=10ms`) // both wait by now
    await at.ask('DELETE', '/api/v1/tokens/waiter')
    expect((await mine).status).toBe(401)

    const last = at.get(`${NS}/config?wait=60s`)
    await at.get(`${NS}/config?wait=10ms`)
    await at.server.close()
    expect((await last).status).toBe(200)
  })
})

interface Row {
  readonly id: number
  readonly newValue: number
}

describe('the lists', () => {
  it('come in pages that stay right while rows are added', async () => {
    const at = await served(folder())
    for (let port = 1; port <= 5; port++) await at.set({ server: { port } })
    for (const [list, of] of [
      ['history', (row: Row) => row.newValue],
      ['versions', (row: Row) => row.id],
    ] as const) {
      const first = (await at.get(`${NS}/${list}?limit=2`)).json
      await at.set({ server: { port: 100 + first.items[0].id } })
      const second = (await at.get(`${NS}/${list}?limit=2&cursor=${first.nextCursor}`)).json
      expect([...first.items, ...second.items].map(of)).toEqual([0, 1, 2, 3].map((i) => of(first.items[0]) - i))
    }
    expect((await at.get(`${NS}/history?cursor=nonsense`)).status).toBe(400)
    expect((await at.get(`${NS}/history?limit=1001`)).status).toBe(400)
  })

  it('give the whole audit log as lines, safe for a spreadsheet', async () => {
    const at = await served(folder())
    const token = await at.token('none', [{ actions: ['config:read'], namespaces: ['nowhere'] }])
    for (let i = 0; i < 3; i++) await at.get(`/api/v1/namespaces/n${i}/config`, { token })
    const ndjson = (await at.get('/api/v1/audit?format=ndjson&limit=1')).text.trim().split('\n')
    const csv = (await at.get('/api/v1/audit?format=csv&limit=1')).text.trim().split('\r\n')
    const all = (await at.get('/api/v1/audit')).json.items
    expect(ndjson.map((line) => JSON.parse(line).id)).toEqual(all.map(({ id }: { id: number }) => id))
    expect(csv[0]).toMatch(/^id,at,event/)
    expect(csv).toHaveLength(all.length + 1)
    expect(all.filter(({ event }: { event: string }) => event === 'refused').length).toBeGreaterThanOrEqual(3)
  })
})

describe('backups', () => {
  it('are verified where they are, and one that was damaged is found', async () => {
    const directory = folder()
    const at = await served(directory)
    await at.set({ server: { port: 5050 } })
    const { name, versions, history, heads, bytes } = (await at.ask('POST', '/api/v1/backups')).json
    const good = await at.ask('POST', `/api/v1/backups/${name}/verify`)
    expect(good).toMatchObject({
      status: 200,
      json: { name, bytes, ok: true, versions, history, problems: [], heads },
    })
    const file = join(directory, 'backups', name)
    const copy = new Database(file)
    copy.exec('DROP TRIGGER config_history_is_append_only')
    copy.exec("UPDATE config_history SET reason = 'another'")
    copy.close()
    const edited = (await at.ask('POST', `/api/v1/backups/${name}/verify`)).json
    expect(edited.ok).toBe(false)
    expect(edited.problems[0]).toMatchObject({ namespace: 'default', version: 2 })
    truncateSync(file, 5000)
    const broken = (await at.ask('POST', `/api/v1/backups/${name}/verify`)).json
    expect(broken).toMatchObject({ ok: false, versions: 0, problems: [{ namespace: null }] })
    expect(broken.problems[0].message).not.toContain(directory)
    for (const other of ['nope.db', '..%2fstore.db', 'store.db'])
      expect((await at.ask('POST', `/api/v1/backups/${other}/verify`)).status).toBe(404)
    expect(readdirSync(join(directory, 'backups'))).toEqual([name])
  })

  it('are made, listed and sent, and nothing else of the disk is', async () => {
    const directory = folder()
    const at = await served(directory)
    const made = (await at.ask('POST', '/api/v1/backups')).json
    expect(made.name).toMatch(/^holdfast-\d{8}T\d{9}Z\.db$/)
    expect((await at.get('/api/v1/backups')).json).toMatchObject([{ name: made.name, bytes: made.bytes }])
    const sent = await at.get(`/api/v1/backups/${made.name}`)
    expect([sent.status, sent.headers['content-length']]).toEqual([200, String(made.bytes)])
    expect(sent.text.startsWith('SQLite format 3')).toBe(true)
    expect(readFileSync(join(directory, 'store.db')).length).toBeGreaterThan(0)
    for (const name of ['..%2fstore.db', '.%2e', 'store.db', '..', 'x%00.db', '%2fetc%2fpasswd', 'nope.db'])
      expect([name, [400, 404].includes((await at.get(`/api/v1/backups/${name}`)).status)]).toEqual([name, true])
  })
})
