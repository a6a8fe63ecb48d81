import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type Config, file, inline, type OpenOptions, openAdmin, type Tree } from '../../src/index.ts'
import { folder, open, query, refusal, STORE, tamper, write } from './helpers.ts'

const CANARY = 'Tr0ub4dor&3-canary/€-in-the-mine'
const SCHEMA: Tree = {
  properties: {
    auth: {
      additionalProperties: false,
      properties: {
        ttl: { type: 'integer' },
        secret: { type: 'string', writeOnly: true, minLength: 4, maxLength: 64 },
        number: { type: 'integer', writeOnly: true },
        list: { type: 'array', writeOnly: true, maxItems: 3 },
        tree: { type: 'object', writeOnly: true },
        fixed: { enum: ['only-this'], writeOnly: true },
        defaulted: { type: 'string', writeOnly: true },
        users: {
          type: 'array',
          items: {
            type: 'object',
            properties: { name: { type: 'string' }, token: { type: 'string', writeOnly: true } },
          },
        },
      },
    },
  },
}
const once = { follow: false }

/** Every form in which a text could have got somewhere: raw, reversed, hex, base64 and base64url at each of three alignments. */
function tracesOf(text: string): readonly string[] {
  const traces = new Set<string>()
  for (const form of [text, [...text].reverse().join('')]) {
    const bytes = Buffer.from(form)
    for (const raw of [
      form,
      JSON.stringify(form).slice(1, -1),
      encodeURIComponent(form),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
    ])
      traces.add(raw)
    for (const encoding of ['base64', 'base64url'] as const) {
      for (const shift of [0, 1, 2]) {
        const encoded = Buffer.concat([Buffer.alloc(shift), bytes, Buffer.alloc(3)]).toString(encoding)
        traces.add(encoded.slice(shift === 0 ? 0 : 4, 4 * Math.floor((shift + bytes.length) / 3)))
      }
    }
  }
  return [...traces]
}

const TRACES = tracesOf(CANARY)

/** What a reader of text would find of the canary. */
function tracesIn(what: string | Buffer): readonly string[] {
  const text = typeof what === 'string' ? what : what.toString('latin1')
  return TRACES.filter((trace) => text.includes(trace) || text.includes(Buffer.from(trace).toString('latin1')))
}

/** All bytes of a folder's files, copied by another program: reading an open database here would drop its locks. */
function bytesOf(directory: string): Buffer {
  const files = readdirSync(directory).filter((name) => !name.endsWith('.key') && !/\.(ini|yaml|json)$/.test(name))
  return Buffer.concat(files.map((name) => execFileSync('cat', [join(directory, name)], { maxBuffer: 1 << 28 })))
}

/** Everything a `Config` shows to those who did not ask for secrets. */
async function shownBy(config: Config): Promise<string> {
  const ids = (await config.versions.list({ limit: 1000 })).items.map(({ id }) => id)
  const past = await Promise.all(ids.map((id) => config.at(id)))
  const paths = ['auth', 'auth.secret', 'auth.list', 'auth.tree', 'auth.users', 'auth.defaulted', 'plain.key', 'plain']
  const explained = await Promise.all(
    ids.flatMap((at) => paths.map((path) => config.explain(path, { at }).catch((error: unknown) => inspect(error)))),
  )
  const compared = await Promise.all(ids.map((id) => config.versions.compare(id, 'latest')))
  const drift = [config.detectDrift(), await config.drift(), await config.drift({ kind: 'baseline' }).catch(() => [])]
  return JSON.stringify([
    config.toJSON({ reveal: false }),
    past.map((one) => one.toJSON({ reveal: false })),
    explained,
    compared,
    drift,
    await config.history({ limit: 1000 }),
    await config.blame(),
    await config.versions.list(),
    config.sources,
    await config.validate(),
  ])
}

/** An error as every logger there is would show it. */
function everythingOf(error: unknown): string {
  const parts: string[] = []
  for (let at = error; at instanceof Error; at = at.cause)
    parts.push(
      at.message,
      at.stack ?? '',
      JSON.stringify(at),
      inspect(at, { depth: Infinity, showHidden: true }),
      JSON.stringify((at as { details?: unknown }).details),
    )
  return parts.join('\n')
}

/** A config whose log and events are gathered. */
async function listening(directory: string, options: OpenOptions) {
  const heard: string[] = []
  const hear = (...said: unknown[]) => void heard.push(inspect(said, { depth: Infinity }), JSON.stringify(said))
  const config = await open(directory, { ...once, log: { info: hear, warn: hear }, ...options })
  config.on('change', hear)
  config.on('source', hear)
  return { config, heard }
}

describe('the traces of a text', () => {
  it('are found in every encoding and at every alignment', () => {
    for (const shift of [0, 1, 2, 3, 4]) {
      const around = Buffer.concat([randomBytes(shift), Buffer.from(CANARY), randomBytes(5)])
      for (const encoding of ['base64', 'base64url', 'hex', 'latin1'] as const)
        expect(tracesIn(around.toString(encoding)).length).toBeGreaterThan(0)
    }
    expect(tracesIn(Buffer.from(JSON.stringify({ a: CANARY })))).not.toEqual([])
    expect(tracesIn('nothing')).toEqual([])
  })
})

describe('a secret', () => {
  it('set, restored, reverted and purged is found nowhere but where it is asked for', async () => {
    const directory = folder()
    const schema = { ...SCHEMA }
    const { config, heard } = await listening(directory, { schema })
    await config.versions.create({ baseline: true })
    await config.change({
      set: { auth: { secret: CANARY, list: [CANARY, { a: CANARY }], tree: { deep: { er: CANARY }, x: [CANARY] } } },
      reason: 'set',
    })
    expect(config.items('auth')).toMatchObject({
      secret: CANARY,
      list: [CANARY, { a: CANARY }],
      tree: { deep: { er: CANARY }, x: [CANARY] },
    })
    heard.push(JSON.stringify(await config.change({ set: { auth: { secret: `x${CANARY}` } }, dryRun: true })))
    await config.update('auth', { secret: 'another', list: [] })
    await config.versions.restore(2)
    await config.change({ unset: ['auth.secret'] })
    await config.versions.revert('latest')
    heard.push(
      await shownBy(config),
      JSON.stringify(await config.change({ mask: ['auth.list'], unset: ['auth.tree'], dryRun: true })),
    )
    expect(tracesIn(heard.join())).toEqual([])
    expect(tracesIn(bytesOf(directory))).toEqual([])

    await using admin = await openAdmin({ directory, store: STORE })
    await admin.backup(join(directory, 'backup.db'))
    heard.push(
      JSON.stringify([await admin.purge('default', { olderThan: 0 }), await admin.stats(), await admin.verify()]),
    )
    expect((await admin.verify()).ok).toBe(true)
    await config.close()
    expect(tracesIn(heard.join())).toEqual([])
    expect(tracesIn(bytesOf(directory))).toEqual([])
  })

  it('that is refused is found neither in the refusal nor in the store', async () => {
    const directory = folder()
    const { config, heard } = await listening(directory, { schema: SCHEMA })
    const requests: Record<string, unknown>[] = [
      { secret: CANARY.repeat(3) },
      { secret: { a: CANARY } },
      { secret: [CANARY] },
      { number: CANARY },
      { list: [CANARY, 1, 2, 3] },
      { list: CANARY },
      { tree: CANARY },
      { fixed: CANARY },
      { fixed: [CANARY] },
      { secret: `${CANARY}\0` },
      { secret: `${CANARY}\ud800` },
      { secret: CANARY.repeat(20_000) },
      { secret: () => CANARY },
      { secrett: CANARY },
      { secret: CANARY, ttl: 'abc' },
    ]
    for (const values of requests) {
      heard.push(everythingOf(await refusal(config.update('auth', values))))
      heard.push(everythingOf(await refusal(config.change({ set: { auth: values }, dryRun: true }))))
      heard.push(everythingOf(await refusal(config.change({ set: { auth: values }, isText: true }))))
      const [key] = Object.keys(values)
      heard.push(
        await config.validateChange('auth', key!, values[key!]).then((found) => JSON.stringify(found), everythingOf),
      )
    }
    heard.push(everythingOf(await refusal(config.change({ set: { auth: { secret: CANARY } }, ifVersion: 99 }))))
    expect(tracesIn(heard.join())).toEqual([])
    await config.update('auth', { ttl: 1 })
    expect(tracesIn(bytesOf(directory))).toEqual([])
  })

  it('of the base, in every format, is found nowhere but in the file', async () => {
    const directory = folder()
    const files = [
      write(
        directory,
        'a.yaml',
        `auth:\n  secret: "${CANARY}"\n  tree: { deep: ["${CANARY}"], x: { y: "${CANARY}" } }\n`,
      ),
      write(directory, 'b.json', JSON.stringify({ auth: { list: [CANARY] } })),
      write(directory, 'c.ini', `[auth]\nsecret = ${CANARY}\n`),
    ]
    const sources = [...files, inline('d', { auth: { secret: CANARY, defaulted: CANARY } })]
    const { config, heard } = await listening(directory, { sources, schema: SCHEMA })
    expect(config.get('auth.secret')).toBe(CANARY)
    expect(config.get('auth.tree.deep')).toEqual([CANARY])
    await config.update('auth', { secret: 'override' })
    await config.change({ mask: ['auth.list'] })
    for (const [name, text] of [
      ['a.yaml', `auth:\n  secret: "${CANARY}\n`],
      ['a.yaml', `auth: { secret: ${CANARY}, secret: ${CANARY} }\n`],
      ['b.json', `{ "auth": { "list": ["${CANARY}" "${CANARY}"] } }`],
      ['b.json', JSON.stringify({ auth: { number: CANARY } })],
      ['c.ini', `[auth]\nnumber = ${CANARY}\n`],
      ['c.ini', `[auth]\nsecret = ${CANARY}\nsecret = ${CANARY}\n`],
      ['c.ini', `[auth\nsecret = ${CANARY}\n`],
    ] as const) {
      const before = readFileSync(join(directory, name), 'utf8')
      write(directory, name, text)
      heard.push(JSON.stringify(await config.reload()))
      expect(config.sources.find((status) => status.name === name)?.state, text).toBe('stale')
      write(directory, name, before)
      await config.reload()
    }
    write(directory, 'a.yaml', `auth:\n  secret: "${CANARY}-new"\n`)
    await config.reload()
    heard.push(await shownBy(config))
    expect(tracesIn(heard.join())).toEqual([])
    expect(tracesIn(bytesOf(directory))).toEqual([])
    expect(tracesIn(bytesOf(directory))).toEqual([])
  })

  it('of the base makes no version when it is loaded again, by this process or another', async () => {
    const directory = folder()
    const sources = [write(directory, 'a.ini', `[auth]\nsecret = ${CANARY}\n`)]
    const config = await open(directory, { sources, schema: SCHEMA, ...once })
    write(directory, 'a.ini', `# moved\n[auth]\nsecret = ${CANARY}\n`)
    await config.reload()
    await config.close()
    const other = await open(directory, { sources, schema: SCHEMA, ...once })
    expect(other.version).toEqual(config.version)
    expect(other.get('auth.secret')).toBe(CANARY)
  })

  it('inside the items of a list is one with its list', async () => {
    const directory = folder()
    const { config, heard } = await listening(directory, { schema: SCHEMA })
    await config.update('auth', { users: [{ name: 'a', token: CANARY }] })
    expect(config.get('auth.users')).toEqual([{ name: 'a', token: CANARY }])
    heard.push(await shownBy(config))
    expect(tracesIn(heard.join())).toEqual([])
    expect(tracesIn(bytesOf(directory))).toEqual([])
  })

  it('that is the default of its key is concealed like any other', async () => {
    const directory = folder()
    const withDefault = `"defaulted":{"default":${JSON.stringify(CANARY)},`
    const schema = JSON.parse(JSON.stringify(SCHEMA).replace('"defaulted":{', withDefault)) as Tree
    const { config, heard } = await listening(directory, { schema, sources: [inline('x', { auth: { ttl: 1 } })] })
    expect(config.get('auth.defaulted')).toBe(CANARY)
    await config.update('auth', { defaulted: 'own' })
    heard.push(await shownBy(config))
    expect(tracesIn(heard.join())).toEqual([])
    const documents = query<{ content: string }>(
      directory,
      `SELECT content FROM config_documents WHERE layer <> '$schema'`,
    )
    expect(tracesIn(JSON.stringify(documents))).toEqual([])
  })

  it('is encrypted in each place differently, and in the same place always alike', async () => {
    const directory = folder()
    const config = await open(directory, { schema: SCHEMA, ...once })
    await config.update('auth', { secret: CANARY, defaulted: CANARY })
    const { version } = await config.update('auth', { ttl: 1 })
    await config.update('auth', { secret: 'another' })
    await config.update('auth', { secret: CANARY })
    expect(config.version?.hash).toBe(version?.hash)
    const rows = query<{ key: string; value: string }>(
      directory,
      "SELECT key, value FROM config_overrides WHERE is_active AND value_type = 'secret'",
    )
    expect(rows).toHaveLength(2)
    expect(rows[0]?.value).not.toBe(rows[1]?.value)
    expect(await config.update('auth', { secret: CANARY })).toMatchObject({ version: null, changes: [] })
    const other = await open(directory, { namespace: 'other', schema: SCHEMA, ...once })
    await other.update('auth', { secret: CANARY })
    expect(
      new Set(
        query<{ value: string }>(
          directory,
          `SELECT value FROM config_overrides WHERE is_active AND key = 'secret'`,
        ).map(({ value }) => value),
      ).size,
    ).toBe(2)
  })
})

describe('a key that becomes secret later', () => {
  const later: Tree = {
    properties: { plain: { properties: { key: { type: 'string', writeOnly: true }, other: { type: 'string' } } } },
  }

  async function grown() {
    const directory = folder()
    const sources = [write(directory, 'a.ini', `[plain]\nkey = ${CANARY}-base\nother = x\n`)]
    const config = await open(directory, { sources, ...once })
    await config.update('plain', { key: CANARY })
    await config.update('plain', { other: 'y' })
    await config.close()
    return { directory, sources }
  }

  it('is encrypted from then on and shown nowhere, its past included', async () => {
    const { directory, sources } = await grown()
    const { config, heard } = await listening(directory, { sources, schema: later })
    expect(config.version?.id).toBe(4)
    expect(config.get('plain.key')).toBe(CANARY)
    heard.push(await shownBy(config))
    await config.versions.restore(2)
    await config.change({ unset: ['plain.key'] })
    await config.versions.restore(3)
    await config.versions.revert(2).catch(() => undefined)
    heard.push(await shownBy(config))
    expect(tracesIn(heard.join())).toEqual([])
    const since = query(directory, 'SELECT * FROM config_history WHERE version_id > 3').concat(
      query(directory, 'SELECT * FROM override_log WHERE version_id > 3'),
      query(directory, 'SELECT * FROM config_documents WHERE version_id > 3'),
    )
    expect(since.length).toBeGreaterThan(5)
    expect(tracesIn(JSON.stringify(since))).toEqual([])
  })

  it('is told of, and its old rows go with a purge', async () => {
    const { directory, sources } = await grown()
    const { config, heard } = await listening(directory, { sources, schema: later })
    expect(heard.join()).toContain('plain.key')
    await using admin = await openAdmin({ directory, store: STORE })
    expect(tracesIn(bytesOf(directory))).not.toEqual([])
    await admin.purge('default', { olderThan: 0 })
    expect((await admin.verify()).ok).toBe(true)
    expect(config.get('plain.key')).toBe(CANARY)
    await config.close()
    await admin.close()
    expect(tracesIn(bytesOf(directory))).toEqual([])
  })
})

describe('the key', () => {
  const secret = { auth: { secret: CANARY } }
  const base64 = () => randomBytes(32).toString('base64')

  it('is made at first need, readable by its owner only, with a word about it', async () => {
    const directory = folder()
    const { config, heard } = await listening(directory, { schema: SCHEMA })
    await config.update('auth', { ttl: 1 })
    const path = join(directory, 'holdfast.key')
    expect(existsSync(path)).toBe(false)
    await config.change({ set: secret })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(heard.join()).toContain('holdfast.key')
    const [key = ''] = /^[\w-]{43}/m.exec(readFileSync(path, 'utf8')) ?? []
    expect(key).toHaveLength(43)
    expect(heard.join()).not.toContain(key)
    expect(readdirSync(directory).filter((name) => name.includes('key'))).toEqual(['holdfast.key'])
  })

  it('is made once by two who need it at the same moment', async () => {
    const directory = folder()
    const configs = await Promise.all(
      ['a', 'b', 'c'].map((namespace) => open(directory, { namespace, schema: SCHEMA, ...once })),
    )
    await Promise.all(configs.map((config) => config.change({ set: secret })))
    await Promise.all(configs.map((config) => config.close()))
    for (const namespace of ['a', 'b', 'c'])
      expect((await open(directory, { namespace, ...once })).get('auth.secret')).toBe(CANARY)
  })

  it.each(['base64', 'hex', 'base64url'] as const)(
    'comes from HOLDFAST_KEY as %s, and no file is made',
    async (encoding) => {
      const directory = folder()
      const environment = { HOLDFAST_KEY: randomBytes(32).toString(encoding) }
      const config = await open(directory, { schema: SCHEMA, environment, ...once })
      await config.change({ set: secret })
      expect(existsSync(join(directory, 'holdfast.key'))).toBe(false)
      expect((await open(directory, { environment, ...once })).get('auth.secret')).toBe(CANARY)
      await expect(
        open(directory, { environment: { HOLDFAST_KEY: base64() }, ...once }).then((other) => other.get('auth.secret')),
      ).rejects.toMatchObject({ code: 'key', details: { keyId: expect.any(String) } })
    },
  )

  it('comes from the file that HOLDFAST_KEY_FILE names', async () => {
    const directory = folder()
    const path = join(directory, write(directory, 'my.key', `# ours\n${base64()}\n`))
    const config = await open(directory, { schema: SCHEMA, environment: { HOLDFAST_KEY_FILE: path }, ...once })
    await config.change({ set: secret })
    expect(existsSync(join(directory, 'holdfast.key'))).toBe(false)
    expect(config.get('auth.secret')).toBe(CANARY)
  })

  it('that is none is refused, without saying what was given', async () => {
    const directory = folder()
    for (const HOLDFAST_KEY of ['', 'too short', 'k3y-that-was-given'.repeat(9)]) {
      const config = await open(directory, { schema: SCHEMA, environment: { HOLDFAST_KEY }, ...once })
      const error = await refusal(config.change({ set: secret }))
      expect(error.code).toBe('key')
      if (HOLDFAST_KEY !== '') expect(everythingOf(error)).not.toContain(HOLDFAST_KEY)
    }
  })

  it('that is missing is asked for only where a secret is to be read or written', async () => {
    const directory = folder()
    const sources = [write(directory, 'a.yaml', 'auth: { ttl: 1 }\nother: { x: 1 }\n')]
    const first = await open(directory, { schema: SCHEMA, sources, ...once })
    await first.change({ set: secret })
    await first.close()
    const key = readFileSync(join(directory, 'holdfast.key'))
    rmSync(join(directory, 'holdfast.key'))
    for (const environment of [{}, { HOLDFAST_KEY_FILE: join(directory, 'none.key') }, { HOLDFAST_KEY: base64() }]) {
      const config = await open(directory, { sources, environment, ...once })
      expect(config.get('auth.ttl')).toBeGreaterThan(0)
      expect(config.items('other')).toEqual({ x: 1 })
      for (const read of [() => config.get('auth.secret'), () => config.items('auth'), () => config.toJSON()])
        expect(read).toThrow(expect.objectContaining({ code: 'key', message: expect.stringContaining('HOLDFAST_KEY') }))
      await config.update('auth', { ttl: (config.get('auth.ttl') as number) + 1 })
      await expect(config.update('auth', { ttl: 'abc' })).rejects.toMatchObject({ code: 'invalid' })
      expect(JSON.parse(await shownBy(config))).toBeTruthy()
      expect(await config.validate()).toMatchObject({ valid: true })
      await expect(config.explain('auth.secret', { reveal: true })).rejects.toMatchObject({ code: 'key' })
      await config.versions.restore(2)
      await config.update('auth', { ttl: config.version!.id })
      await config.close()
    }
    expect(existsSync(join(directory, 'holdfast.key'))).toBe(false)
    write(directory, 'holdfast.key', key.toString())
    expect((await open(directory, once)).get('auth.secret')).toBe(CANARY)
  })

  it('that is missing is not replaced behind anyone’s back, and a lost one can be', async () => {
    const directory = folder()
    const first = await open(directory, { schema: SCHEMA, ...once })
    await first.change({ set: secret })
    await first.close()
    rmSync(join(directory, 'holdfast.key'))
    const config = await open(directory, once)
    await expect(config.update('auth', { secret: 'new-one' })).rejects.toMatchObject({
      code: 'key',
      message: expect.stringContaining('openssl'),
    })
    await expect(config.update('auth', { defaulted: 'new-one' })).rejects.toMatchObject({ code: 'key' })
    expect(existsSync(join(directory, 'holdfast.key'))).toBe(false)
    await config.close()
    const replaced = await open(directory, { environment: { HOLDFAST_KEY: base64() }, ...once })
    await replaced.update('auth', { secret: 'new-one' })
    expect(replaced.get('auth.secret')).toBe('new-one')
  })

  it('of a base that changes while it is missing leaves the last good content', async () => {
    const directory = folder()
    const sources = [write(directory, 'a.yaml', `auth: { secret: ${JSON.stringify(CANARY)} }\nother: { x: 1 }\n`)]
    await (await open(directory, { schema: SCHEMA, sources, ...once })).close()
    rmSync(join(directory, 'holdfast.key'))
    write(directory, 'a.yaml', `auth: { secret: "another" }\nother: { x: 2 }\n`)
    const config = await open(directory, { sources, ...once })
    expect(config.sources).toMatchObject([{ state: 'stale', error: expect.stringContaining('key') }])
    expect(config.get('other.x')).toBe(1)
  })

  it('is the first of a ring whose others still read', async () => {
    const directory = folder()
    const [old, next] = [base64(), base64()]
    const first = await open(directory, { schema: SCHEMA, environment: { HOLDFAST_KEY: old }, ...once })
    await first.change({ set: { auth: { secret: CANARY, defaulted: 'x' } } })
    await first.close()
    const config = await open(directory, { environment: { HOLDFAST_KEY: `${next},${old}` }, ...once })
    expect(config.get('auth.secret')).toBe(CANARY)
    expect(await config.change({ set: secret })).toMatchObject({ version: null })
    await config.update('auth', { secret: 'under-the-new-key' })
    await config.close()
    const later = await open(directory, { environment: { HOLDFAST_KEY: next }, ...once })
    expect(later.get('auth.secret')).toBe('under-the-new-key')
    expect(() => later.get('auth.defaulted')).toThrow(expect.objectContaining({ code: 'key' }))
  })
})

describe('ciphertext', () => {
  it('that was copied to another path or namespace does not open', async () => {
    const directory = folder()
    for (const namespace of ['default', 'other']) {
      const config = await open(directory, { namespace, schema: SCHEMA, ...once })
      await config.update('auth', { secret: namespace, defaulted: `${namespace}-2` })
      await config.close()
    }
    const [stolen] = query<{ value: string }>(
      directory,
      `SELECT value FROM override_log WHERE namespace = 'default' AND key = 'secret'`,
    )
    tamper(
      directory,
      `UPDATE config_documents SET content = replace(content, (SELECT value FROM override_log WHERE namespace = 'default' AND key = 'defaulted'), '${stolen?.value}') WHERE namespace = 'default'`,
      `UPDATE config_documents SET content = replace(content, (SELECT value FROM override_log WHERE namespace = 'other' AND key = 'secret'), '${stolen?.value}') WHERE namespace = 'other'`,
    )
    const moved = await open(directory, once)
    expect(moved.get('auth.secret')).toBe('default')
    expect(() => moved.get('auth.defaulted')).toThrow(
      expect.objectContaining({ code: 'key', message: expect.stringContaining('moved') }),
    )
    const other = await open(directory, { namespace: 'other', ...once })
    expect(() => other.get('auth.secret')).toThrow(expect.objectContaining({ code: 'key' }))
  })

  it('that was cut short or is no text of ours does not open, and nothing else breaks', async () => {
    const directory = folder()
    const config = await open(directory, { schema: SCHEMA, ...once })
    await config.update('auth', { secret: CANARY, ttl: 5 })
    await config.close()
    const [row] = query<{ value: string }>(directory, `SELECT value FROM override_log WHERE key = 'secret'`)
    for (const bad of [
      row!.value.slice(0, -8),
      row!.value.slice(0, 30),
      'holdfast:secret:1:',
      'holdfast:secret:1:x:y',
    ]) {
      tamper(
        directory,
        `UPDATE config_documents SET content = '{"secret":"${bad}","ttl":5}' WHERE name = 'auth' AND layer = 'effective'`,
      )
      const broken = await open(directory, once)
      expect(broken.get('auth.ttl')).toBe(5)
      expect(() => broken.get('auth.secret')).toThrow(expect.objectContaining({ code: 'key' }))
      await broken.close()
    }
  })

  it('may not be set by anyone, nor stand in a source', async () => {
    const directory = folder()
    const config = await open(directory, { schema: SCHEMA, ...once })
    await config.update('auth', { secret: CANARY })
    const [row] = query<{ value: string }>(directory, `SELECT value FROM override_log WHERE key = 'secret'`)
    for (const values of [{ secret: row!.value }, { defaulted: row!.value }, { tree: { x: row!.value } }])
      await expect(config.update('auth', values)).rejects.toMatchObject({ code: 'malformed' })
    const source = file(write(directory, 'a.yaml', `auth: { defaulted: "${row!.value}" }\n`))
    await expect(
      open(directory, { namespace: 'other', sources: [source], schema: SCHEMA, ...once }),
    ).rejects.toMatchObject({ code: 'source' })
  })
})
