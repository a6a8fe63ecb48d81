import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type KeyAdmin, openKeys } from '../../src/engine/key-admin.ts'
import { parseKeys } from '../../src/engine/keys.ts'
import { inline, openAdmin, type Tree } from '../../src/index.ts'
import { AS_ALICE, folder, open, query, refusal, STORE, until, write } from './helpers.ts'
import { receiver, rig } from './webhook-helpers.ts'

const SECRET = { type: 'string', writeOnly: true }
const SCHEMA: Tree = {
  properties: {
    db: { properties: { password: { ...SECRET, 'x-restart': true }, token: SECRET, port: { type: 'integer' } } },
    sets: { additionalProperties: SECRET },
  },
}
const once = { follow: false }
const KEY_FILE = 'holdfast.key'

/** The keys of the store in `directory`, until the test ends. */
async function keysOf(directory: string, environment: Record<string, string> = {}): Promise<KeyAdmin> {
  const keys = await openKeys({ directory, ...AS_ALICE, environment })
  onTestFinished(() => keys[Symbol.asyncDispose]())
  return keys
}

/** A store with secrets of its base and of overrides, the baseline being its third version. */
async function begun(directory = folder()) {
  const sources = [write(directory, 'a.ini', '[db]\npassword = base-pass\ntoken = base-token\nport = 5432\n')]
  const config = await open(directory, { sources, schema: SCHEMA, ...once })
  await config.update('db', { token: 'set-token' }, { reason: 'why', comment: 'a note' })
  await config.versions.create({ baseline: true })
  return { directory, sources, config }
}

const ringIn = (directory: string): readonly string[] =>
  parseKeys(readFileSync(join(directory, KEY_FILE), 'utf8'), KEY_FILE).map(({ id }) => id)

/** The keys that what is in force is encrypted under, as the tables have it. */
function keysInForce(directory: string): readonly string[] {
  const rows = query<{ text: string }>(
    directory,
    `SELECT config_json AS text FROM config_versions WHERE id IN (SELECT max(id) FROM config_versions GROUP BY namespace)
     UNION ALL SELECT value FROM config_overrides WHERE is_active
     UNION ALL SELECT base_value FROM config_overrides WHERE is_active`,
  )
  const found = rows.flatMap(({ text }) => [...(text ?? '').matchAll(/holdfast:secret:1:(\w+):/g)].map(([, id]) => id!))
  return [...new Set(found)]
}

async function isWhole(directory: string): Promise<boolean> {
  await using admin = await openAdmin({ directory, ...AS_ALICE })
  return (await admin.verify()).ok
}

describe('a rotation of keys', () => {
  it('puts a new key in front, and encrypts all that is in force under it as one version', async () => {
    const { directory, config } = await begun()
    const [old] = ringIn(directory)
    await config.close()
    const done = await (await keysOf(directory)).rotate()
    expect(ringIn(directory)).toEqual([done.key, old])
    expect(done).toMatchObject({ isNew: true, webhooks: 0, namespaces: [{ namespace: 'default', version: { id: 4 } }] })
    expect(keysInForce(directory)).toEqual([done.key])
    expect(statSync(join(directory, KEY_FILE)).mode & 0o777).toBe(0o600)
    expect(readdirSync(directory).filter((name) => name.includes('key'))).toEqual([KEY_FILE])
    const after = await open(directory, once)
    expect(after.items('db')).toEqual({ password: 'base-pass', token: 'set-token', port: 5432 })
    expect(await isWhole(directory)).toBe(true)
  })

  it('is told in history and blame as what it is, and leaves the comment of an override', async () => {
    const { directory, config } = await begun()
    await config.close()
    const { key } = await (await keysOf(directory)).rotate()
    const after = await open(directory, once)
    expect(after.version).toMatchObject({ cause: 'change', description: `secrets encrypted under key ${key}` })
    const why = `encrypted under key ${key}; the value is the same`
    const { items } = await after.history({ section: 'db' })
    expect(items.filter(({ versionId }) => versionId === 4)).toMatchObject([
      { layer: 'base', key: 'token', reason: why },
      { layer: 'base', key: 'password', reason: why, oldValue: '••••••••', newValue: '••••••••' },
      { layer: 'override', key: 'token', reason: why, changedBy: 'alice', oldValue: '••••••••' },
    ])
    expect((await after.blame('db')).find((one) => one.key === 'port')).toMatchObject({ version: null })
    expect(await after.explain('db.token')).toMatchObject({
      override: { comment: 'a note', state: 'intentional' },
      lastChange: { version: 4, why },
    })
  })

  it('is no difference, no drift and no restart: the values are the same', async () => {
    const { directory, config } = await begun()
    const report = { id: 'a', host: 'h', version: 3, startVersion: 3, startedAt: new Date().toISOString() }
    await config.report(report)
    await config.close()
    await (await keysOf(directory)).rotate()
    const after = await open(directory, { sources: ['a.ini'], ...once })
    expect(after.version!.id).toBe(4) // the base is loaded again, and nothing of it has moved
    expect((await after.versions.compare(3, 'latest')).changes).toEqual([])
    expect(await after.drift({ kind: 'baseline' })).toEqual([])
    expect(await after.drift({ kind: 'instance' })).toEqual([])
    expect(await after.instances()).toMatchObject([{ state: 'behind', pendingRestart: null }])
    expect(await after.drift()).toMatchObject([{ path: 'db.token', state: 'intentional' }])
    for await (const event of after.watch({ since: 3 })) {
      expect(event).toMatchObject({
        restartRequired: [],
        changes: [{ key: 'token' }, { key: 'password' }, { key: 'token' }],
      })
      break
    }
  })

  it('leaves every version restorable, with the hash it had', async () => {
    const { directory, config } = await begun()
    const { items } = await config.versions.list()
    await config.close()
    const keys = await keysOf(directory)
    await keys.rotate()
    await keys.rotate()
    const after = await open(directory, once)
    for (const { id, hash } of items) {
      await after.versions.restore(id)
      expect(after.version!.hash).toBe(hash)
      expect(after.get('db.password')).toBe('base-pass')
      expect((await after.at(id)).get('db.token')).toBe(after.get('db.token'))
    }
    expect(after.detectDrift()).toEqual({}) // what was restored says what the base says
    expect((await after.drift()).map(({ state }) => state)).toEqual(['redundant', 'redundant'])
    await after.close()
    await keys.reseal()
    expect(keysInForce(directory)).toEqual([ringIn(directory)[0]])
    expect(await isWhole(directory)).toBe(true)
  })

  it('does not stand in the way of undoing what came before it', async () => {
    const { directory, config } = await begun()
    await config.update('db', { password: 'mistake' })
    await config.close()
    await (await keysOf(directory)).rotate()
    const after = await open(directory, once)
    await after.versions.revert(4)
    expect(after.get('db.password')).toBe('base-pass')
    expect(after.isOverridden('db', 'password')).toBe(false)
    expect(await after.versions.revert(5)).toMatchObject({ version: null })
  })

  it('answers a request that comes again as before', async () => {
    const { directory, config } = await begun()
    const request = { set: { db: { password: 'once' } }, idempotencyKey: 'k-1' }
    const first = await config.change(request)
    await config.close()
    await (await keysOf(directory)).rotate()
    const after = await open(directory, once)
    expect((await after.change(request)).version?.id).toBe(first.version!.id)
    const other = { ...request, set: { db: { password: 'other' } } }
    expect(await refusal(after.change(other))).toMatchObject({ code: 'key-reused' })
  })

  it('takes in defaults, pinned layers, lists, masks and every namespace', async () => {
    const directory = folder()
    const schema: Tree = {
      properties: {
        db: {
          properties: {
            password: { ...SECRET, default: 'by-default' },
            list: { type: 'array', writeOnly: true },
            pinned: SECRET,
            masked: SECRET,
          },
        },
      },
    }
    const sources = [
      inline('base', { db: { list: ['a', { b: 'c' }], masked: 'gone' } }),
      inline('pin', { db: { pinned: 'fixed' } }, { pinned: true }),
    ]
    for (const namespace of ['default', 'other']) {
      const config = await open(directory, { namespace, schema, sources, ...once })
      await config.change({ mask: ['db.masked'] })
      await config.close()
    }
    await (await open(directory, { namespace: 'plain', ...once })).update('a', { b: 1 })
    const { key, namespaces } = await (await keysOf(directory)).rotate()
    expect(namespaces.map((one) => [one.namespace, one.version?.id])).toEqual([
      ['default', 6],
      ['other', 7],
      ['plain', undefined],
    ])
    expect(keysInForce(directory)).toEqual([key])
    for (const namespace of ['default', 'other']) {
      const config = await open(directory, { namespace, ...once })
      expect(config.items('db')).toEqual({ password: 'by-default', list: ['a', { b: 'c' }], pinned: 'fixed' })
      expect(await config.drift()).toMatchObject([{ path: 'db.masked', state: 'intentional' }])
    }
    expect(await isWhole(directory)).toBe(true)
  })

  it('refuses, and changes nothing, where something in force does not open', async () => {
    const { directory, config } = await begun()
    await config.close()
    const before = readFileSync(join(directory, KEY_FILE), 'utf8')
    write(directory, KEY_FILE, `${randomBytes(32).toString('hex')}\n`)
    const other = readFileSync(join(directory, KEY_FILE), 'utf8')
    const keys = await keysOf(directory)
    const error = await refusal(keys.rotate())
    expect(error).toMatchObject({ code: 'key', message: expect.stringContaining('db.password in namespace default') })
    expect(error.message).not.toContain('base-pass')
    expect(await refusal(keys.reseal())).toMatchObject({ code: 'key' })
    expect(readFileSync(join(directory, KEY_FILE), 'utf8')).toBe(other)
    expect((await keys.list()).keys.map(({ role, secrets }) => [role, secrets])).toEqual([
      ['writing', 0],
      ['missing', 3],
    ])
    write(directory, KEY_FILE, before)
    expect((await open(directory, once)).version?.id).toBe(3)
  })

  it('of a store without a key has nothing to do', async () => {
    const directory = folder()
    await (await open(directory, once)).update('a', { b: 1 })
    const keys = await keysOf(directory)
    expect(await refusal(keys.rotate())).toMatchObject({ code: 'not-found' })
    expect(await keys.list()).toMatchObject({ keys: [] })
    expect(readdirSync(directory)).not.toContain(KEY_FILE)
  })

  it('takes a key that somebody put in front, and adds none', async () => {
    const { directory, config } = await begun()
    await config.close()
    const text = readFileSync(join(directory, KEY_FILE), 'utf8')
    write(directory, KEY_FILE, `${randomBytes(32).toString('base64')}\n${text}`)
    const ring = ringIn(directory)
    expect(await (await keysOf(directory)).rotate()).toMatchObject({ isNew: false, key: ring[0] })
    expect(ringIn(directory)).toEqual(ring)
    expect(keysInForce(directory)).toEqual([ring[0]])
  })

  it('writes the file that a link leads to, for those who could read it before', async () => {
    const directory = folder()
    mkdirSync(join(directory, 'elsewhere'))
    const real = join(directory, 'elsewhere', 'real.key')
    const link = join(directory, 'my.key')
    write(directory, 'elsewhere/real.key', `${randomBytes(32).toString('base64')}\n`)
    chmodSync(real, 0o644)
    if (process.getuid?.() === 0) chownSync(real, 1234, 4321)
    symlinkSync(real, link)
    const environment = { HOLDFAST_KEY_FILE: link }
    const config = await open(directory, { schema: SCHEMA, environment, ...once })
    await config.update('db', { password: 'x' })
    await config.close()
    const { uid, gid } = statSync(real)
    await (await keysOf(directory, environment)).rotate()
    const after = statSync(real)
    expect([after.uid, after.gid, after.mode & 0o777]).toEqual([uid, gid, 0o640])
    expect(parseKeys(readFileSync(link, 'utf8'), link)).toHaveLength(2)
    expect(readdirSync(join(directory, 'elsewhere'))).toEqual(['real.key'])
  })

  it('refuses what it cannot write, and says how else it is done', async () => {
    const { directory, config } = await begun()
    await config.close()
    mkdirSync(join(directory, `${KEY_FILE}.lock`)) // nobody can make that file
    const keys = await keysOf(directory)
    expect(await refusal(keys.rotate())).toMatchObject({
      code: 'key',
      message: expect.stringContaining('key generate'),
    })
    expect(ringIn(directory)).toHaveLength(1)
    const HOLDFAST_KEY = readFileSync(join(directory, KEY_FILE), 'utf8')
    const fromVariable = await keysOf(directory, { HOLDFAST_KEY })
    for (const refused of [await refusal(fromVariable.rotate())]) {
      expect(refused).toMatchObject({ code: 'key', message: expect.stringMatching(/HOLDFAST_KEY.*generate.*reseal/) })
      expect(refused.message).not.toContain(HOLDFAST_KEY.match(/^[\w-]{43}/m)![0])
    }
  })

  it('of keys in a variable is done with those that were generated for it', async () => {
    const { directory, config } = await begun()
    await config.close()
    const file = join(directory, 'next.txt')
    const HOLDFAST_KEY = readFileSync(join(directory, KEY_FILE), 'utf8')
    const id = await (await keysOf(directory, { HOLDFAST_KEY })).generate(file)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await refusal((await keysOf(directory)).generate(file))).toMatchObject({ code: 'exists' })
    const environment = { HOLDFAST_KEY: readFileSync(file, 'utf8') }
    rmSync(join(directory, KEY_FILE))
    expect(await (await keysOf(directory, environment)).reseal()).toMatchObject({ key: id, isNew: false })
    expect(keysInForce(directory)).toEqual([id])
    expect((await open(directory, { environment, ...once })).get('db.token')).toBe('set-token')
  })

  it('is in the audit log, by the ids of keys', async () => {
    const { directory, config } = await begun()
    await config.close()
    const { key } = await (await keysOf(directory)).rotate()
    await using admin = await openAdmin({ directory, ...AS_ALICE })
    const { items } = await admin.audit({ event: 'key-changed' })
    expect(items.map(({ who, subject, detail }) => [who, subject, detail])).toEqual([
      ['alice', key, 'everything in force is encrypted under it'],
      ['alice', key, 'added to the ring'],
    ])
  })
})

describe('keys', () => {
  it('are listed with what needs them: what is in force, webhooks, and each version', async () => {
    const { directory, config } = await begun()
    await config.close()
    const keys = await keysOf(directory)
    const [old] = ringIn(directory)
    expect((await keys.list()).keys).toEqual([
      { id: old, role: 'writing', madeAt: expect.stringMatching(/Z$/), secrets: 3, webhooks: 0, versions: 3 },
    ])
    const { key } = await keys.rotate()
    expect(await keys.list()).toMatchObject({
      from: join(directory, KEY_FILE),
      keys: [
        { id: key, role: 'writing', secrets: 3, versions: 1 },
        { id: old, role: 'reading', secrets: 0, versions: 3 },
      ],
    })
    rmSync(join(directory, KEY_FILE))
    expect((await keys.list()).keys.map(({ id, role }) => [id, role])).toEqual([
      [old, 'missing'],
      [key, 'missing'],
    ])
  })

  it('are pruned when no version that is kept needs them', async () => {
    const { directory, config } = await begun()
    await config.close()
    const keys = await keysOf(directory)
    const [old] = ringIn(directory)
    const { key } = await keys.rotate()
    expect(await keys.prune()).toMatchObject({ dropped: [], kept: [key, old] })
    await using admin = await openAdmin({ directory, ...AS_ALICE })
    const after = await open(directory, once)
    await after.versions.baseline('latest')
    await admin.purge('default', { olderThan: 0 })
    expect(await keys.prune({ dryRun: true })).toMatchObject({ dropped: [old], kept: [key] })
    const asked: string[] = []
    const no = async (ids: readonly string[]): Promise<void> => {
      asked.push(...ids)
      throw new Error('no')
    }
    await expect(keys.prune({ isMeant: no })).rejects.toThrow('no')
    expect([asked, ringIn(directory)]).toEqual([[old], [key, old]])
    expect(await keys.prune()).toMatchObject({ dropped: [old], kept: [key] })
    expect(ringIn(directory)).toEqual([key])
    expect(after.items('db')).toEqual({ password: 'base-pass', token: 'set-token', port: 5432 })
    expect(await isWhole(directory)).toBe(true)
  })

  it('that only what a purged version wrote is under are kept while it is in force at one that stays', async () => {
    const { directory, config } = await begun()
    await config.close()
    const keys = await keysOf(directory)
    const [old] = ringIn(directory)
    const changed = await open(directory, once)
    await changed.update('db', { port: 1 })
    await changed.versions.tag(4, 'stays')
    await keys.rotate()
    await changed.versions.baseline('latest')
    await using admin = await openAdmin({ directory, ...AS_ALICE })
    await admin.purge('default', { olderThan: 0 })
    expect((await keys.list()).keys.at(-1)).toMatchObject({ id: old, versions: 1 })
    expect(await keys.prune()).toMatchObject({ dropped: [] })
    expect((await changed.at('stays')).get('db.token')).toBe('set-token')
  })

  it('are followed in their file by a process that is running', async () => {
    const { directory, config } = await begun()
    const keys = await keysOf(directory)
    const first = await keys.rotate()
    await config.update('db', { password: 'written-under-the-new-key' })
    expect(keysInForce(directory)).toEqual([first.key])
    expect(config.items('db')).toEqual({ password: 'written-under-the-new-key', token: 'set-token', port: 5432 })
    const reading = await open(directory) // follows
    const second = await keys.rotate()
    await until(() => reading.version?.id === second.namespaces[0]!.version!.id)
    expect(reading.get('db.password')).toBe('written-under-the-new-key')
    rmSync(join(directory, KEY_FILE))
    expect(await refusal(config.update('db', { password: 'nowhere' }))).toMatchObject({ code: 'key' })
    expect(config.get('db.token')).toBe('set-token')
    await config.update('db', { port: 7 })
  })

  it('that another process made first are read by one that found none', async () => {
    const directory = folder()
    const early = await open(directory, { schema: SCHEMA })
    await early.update('db', { port: 1 })
    const other = await open(directory, once)
    await other.update('db', { password: 'x' })
    await until(() => early.version?.id === other.version!.id)
    expect(early.get('db.password')).toBe('x')
  })
})

describe('the signing secrets of webhooks', () => {
  it('are encrypted anew with the rest, and sign as before', async () => {
    const { hooks, store, directory, close } = await rig()
    const to = await receiver()
    const made = await hooks.create({ name: 'pager', url: to.url })
    const rotated = await hooks.rotateSecret(made.webhook.id)
    const keys = await keysOf(directory)
    const [old] = ringIn(directory)
    expect((await keys.list()).keys).toMatchObject([{ id: old, webhooks: 2, versions: 0 }])
    const done = await keys.rotate()
    expect(done).toMatchObject({ isNew: true, webhooks: 1 })
    expect((await keys.list()).keys).toMatchObject([{ id: done.key, webhooks: 2 }, { webhooks: 0 }])
    expect(await keys.prune()).toMatchObject({ dropped: [old] })
    await hooks.test(made.webhook.id)
    await until(() => to.received.length === 1)
    const { body, headers } = to.received[0]!
    for (const { secret } of [made, rotated]) expect(new Webhook(secret).verify(body, headers)).toBeTruthy()
    const next = await hooks.rotateSecret(made.webhook.id)
    expect((await store.webhooks.list())[0]!.secret).toContain(`:${done.key}:`)
    await hooks.test(made.webhook.id)
    await until(() => to.received.length === 2)
    expect(new Webhook(next.secret).verify(to.received[1]!.body, to.received[1]!.headers)).toBeTruthy()
    await close()
  })
})

const CHILD = fileURLToPath(new URL('./rotate-child.ts', import.meta.url))

/** A process that rotates, and is killed when it asks for the time so often; what it said. */
function rotateApart(directory: string, last = 0): Promise<{ readonly said: string; readonly signal: string | null }> {
  const env = { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' }
  const child = spawn(process.execPath, [CHILD, directory, STORE, String(last)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk) => (said += String(chunk)))
  return new Promise((done) => child.on('close', (_, signal) => done({ said, signal })))
}

describe('a rotation that is killed', () => {
  it('at any step leaves everything readable, and is done by doing it again', { timeout: 120_000 }, async () => {
    const directory = folder()
    for (const namespace of ['default', 'other']) {
      const config = await open(directory, { namespace, schema: SCHEMA, ...once })
      await config.update('sets', { a: `${namespace}-1`, b: `${namespace}-2` })
      await config.close()
    }
    const readable = async (): Promise<unknown> =>
      Promise.all(
        ['default', 'other'].map(async (namespace) => (await open(directory, { namespace, ...once })).toJSON()),
      )
    const meant = await readable()
    let killed = 0
    for (let last = 1; ; last++) {
      const { signal } = await rotateApart(directory, last)
      expect(await readable()).toEqual(meant)
      expect(await isWhole(directory)).toBe(true)
      if (signal === null) break
      killed++
    }
    expect(killed).toBeGreaterThanOrEqual(4)
    expect(keysInForce(directory)).toEqual([ringIn(directory)[0]])
    expect(readdirSync(directory).filter((name) => name.includes('key'))).toEqual([KEY_FILE])
  })

  it('while it wrote the key file leaves nothing that keeps the next from doing so', async () => {
    const { directory, config } = await begun()
    await config.close()
    write(directory, `${KEY_FILE}.next`, 'half a')
    write(directory, `${KEY_FILE}.lock`, '')
    const { key } = await (await keysOf(directory)).rotate()
    expect(ringIn(directory)[0]).toBe(key)
    expect(readdirSync(directory).filter((name) => name.includes('key'))).toEqual([KEY_FILE])
  })

  it('after it put its key in front goes on with that one', async () => {
    const { directory, config } = await begun()
    await config.close()
    await rotateApart(directory, 2)
    const ring = ringIn(directory)
    expect(ring).toHaveLength(2)
    expect(keysInForce(directory)).toEqual([ring[1]])
    expect(await rotateApart(directory)).toMatchObject({ said: ring[0], signal: null })
    expect(ringIn(directory)).toEqual(ring)
    expect(keysInForce(directory)).toEqual([ring[0]])
  })

  it('is not the only one: several at once lose no key', { timeout: 60_000 }, async () => {
    const { directory, config } = await begun()
    const [old] = ringIn(directory)
    await config.close()
    const done = await Promise.all([1, 2, 3].map(() => rotateApart(directory)))
    const ring = ringIn(directory)
    expect(ring).toContain(old)
    for (const { said } of done) expect(ring).toContain(said)
    expect(await isWhole(directory)).toBe(true)
    expect((await open(directory, once)).items('db')).toMatchObject({ password: 'base-pass', token: 'set-token' })
    expect(ring).toEqual(expect.arrayContaining([...keysInForce(directory)]))
  })
})
