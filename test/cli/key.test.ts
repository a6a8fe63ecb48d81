import { readFileSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseKeys } from '../../src/engine/keys.ts'
import { until } from '../engine/helpers.ts'
import { receiver } from '../engine/webhook-helpers.ts'
import { initialised, type Ran, type Workspace } from './harness.ts'
import { ServerProcess } from './server.ts'

const KEY_FILE = 'data/holdfast.key'
const CANARY = 'hunter2-canary'

let at: Workspace
let said: string
beforeEach(async () => {
  at = await initialised()
  said = ''
})
afterEach(() => at.remove())

/** Runs a command, and remembers all that it says. */
async function run(argv: string, options: Parameters<Workspace['run']>[1] = {}): Promise<Ran> {
  const ran = await at.run(argv, options)
  said += ran.out + ran.err
  return ran
}

async function json(argv: string, options: Parameters<Workspace['run']>[1] = {}) {
  return JSON.parse((await run(`${argv} --json`, options)).out)
}

const textOf = (file = KEY_FILE): string => readFileSync(at.path(file), 'utf8')
const ring = (file = KEY_FILE): readonly string[] => parseKeys(textOf(file), file).map(({ id }) => id)

/** Every form in which the keys of some files could have been said. */
function forms(...files: readonly string[]): readonly string[] {
  const keys = files.flatMap((file) => parseKeys(textOf(file), file))
  return keys.flatMap(({ bytes }) => [
    bytes.toString('base64').slice(0, 42),
    bytes.toString('base64url').slice(0, 42),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
  ])
}

function expectNothingOf(text: string, words: readonly string[]): void {
  for (const word of words) expect(text).not.toContain(word)
}

/** The key that the override of the password is encrypted under. */
function keyOfPassword(): string | undefined {
  const db = new Database(at.path('data/config_overrides.db'), { readonly: true })
  try {
    const sql = `SELECT value FROM config_overrides WHERE is_active AND key = 'bind_password'`
    return /^holdfast:secret:1:(\w+):/.exec((db.prepare(sql).get() as { value: string }).value)?.[1]
  } finally {
    db.close()
  }
}

describe('holdfast key', () => {
  it('rotates, lists and prunes, and says what it did', async () => {
    await run('set ldap.bind_password=other')
    const [old] = ring()
    const rotated = await run('key rotate --actor ana')
    const [key] = ring()
    expect(ring()).toEqual([key, old])
    expect(rotated.out).toBe(`Key ${key} is the first in ${at.path(KEY_FILE)} now.\ndefault  2 secrets in version 3\n`)
    expect((await run('history --limit 1')).out).toMatch(/ana\n +encrypted under key \w+; the value is the same/)
    expect((await run('key list')).out).toMatch(
      new RegExp(`^KEY .*\\n${key}  writing  .* 2 +0 +1\\n${old}  reading  .* 0 +0 +2\\n$`),
    )
    expect(await json('key prune')).toMatchObject({ dropped: [], kept: [key, old] })
    await run('baseline latest')
    await run('purge --older-than 0s')
    expect((await run('key prune --dry-run')).out).toContain(`Would take ${old} out`)
    expect(await run('key prune')).toMatchObject({ status: 64, err: expect.stringContaining('--yes') })
    expect(await run('key prune', { isTerminal: true, answer: 'no' })).toMatchObject({ status: 64 })
    expect(ring()).toEqual([key, old])
    expect((await run('key prune --yes')).out).toBe(`Took ${old} out of ${at.path(KEY_FILE)}; ${key} stays.\n`)
    expect(ring()).toEqual([key])
    expect(await run('verify')).toMatchObject({ status: 0 })
    expect((await run('get ldap.bind_password --reveal')).out).toBe('other\n')
    expectNothingOf(said, forms(KEY_FILE))
  })

  it('tells a program the same', async () => {
    const [old] = ring()
    const done = await json('key rotate')
    expect(done).toEqual({
      key: ring()[0],
      isNew: true,
      from: at.path(KEY_FILE),
      namespaces: [{ namespace: 'default', secrets: 1, version: { id: 2, hash: expect.any(String) } }],
      webhooks: 0,
    })
    expect(await json('key reseal')).toMatchObject({ isNew: false, namespaces: [{ version: null, secrets: 0 }] })
    expect(await json('key list')).toEqual({
      from: at.path(KEY_FILE),
      keys: [
        { id: done.key, role: 'writing', madeAt: expect.any(String), secrets: 1, webhooks: 0, versions: 1 },
        { id: old, role: 'reading', madeAt: expect.any(String), secrets: 0, webhooks: 0, versions: 1 },
      ],
    })
    expect(await json('key generate next.key')).toEqual({ key: ring('next.key')[0], file: at.path('next.key') })
    expect(ring('next.key').slice(1)).toEqual(ring())
    expect(statSync(at.path('next.key')).mode & 0o777).toBe(0o600)
    expectNothingOf(said, forms(KEY_FILE, 'next.key'))
  })

  it('refuses what it cannot do, and tells how it is done', async () => {
    const env = { HOLDFAST_KEY: textOf() }
    expect(await run('key rotate', { env })).toMatchObject({ status: 1, err: expect.stringContaining('key generate') })
    expect(await run('key rotate --server http://127.0.0.1:1')).toMatchObject({
      status: 64,
      err: expect.stringContaining('on the machine that has the store and its keys, and this is a server'),
    })
    expect(await run('key rotate --store none.db')).toMatchObject({ status: 5 })
    expect(await run('key generate')).toMatchObject({ status: 64 })
    expect(await run('key rotate --dry-run')).toMatchObject({ status: 64 })
    expect(await run('key generate data/holdfast.key')).toMatchObject({
      status: 1,
      err: expect.stringContaining('exists'),
    })
    at.write(
      'broken.key',
      `${textOf()
        .match(/^[\w-]{43}/m)![0]
        .slice(1)}\n`,
    )
    expect(await run('key list', { env: { HOLDFAST_KEY_FILE: at.path('broken.key') } })).toMatchObject({ status: 1 })
    expect(ring()).toHaveLength(1)
    expectNothingOf(said, [...forms(KEY_FILE), textOf('broken.key').trim()])
  })
})

describe('a server that runs while keys are rotated', () => {
  it('reads, writes and signs with the new key at once, and says none', { timeout: 90_000 }, async () => {
    const to = await receiver()
    const server = await ServerProcess.start(at.root, ['--webhook-hosts', 'localhost', '--log-requests', 'all'])
    const { env } = server
    try {
      const hook = await at.json(`webhook create pager ${to.url} --kind backup-failed`, { env })
      await run(`set ldap.bind_password=${CANARY}`, { env })
      const password = async () => (await run('get ldap.bind_password --reveal', { env })).out.trim()

      const reading = await json('key rotate')
      await until(async () => (await at.json('versions', { env }))[0].id === reading.namespaces[0].version.id)
      expect(await password()).toBe(CANARY)
      expect(keyOfPassword()).toBe(reading.key)

      const writing = await json('key rotate')
      await run(`set ldap.bind_password=${CANARY}-2`, { env })
      expect(keyOfPassword()).toBe(writing.key)
      expect(await password()).toBe(`${CANARY}-2`)
      expect((await run('get ldap.bind_password --reveal --at 2', { env })).out.trim()).toBe(CANARY)

      await run('restore 2', { env })
      expect(await password()).toBe(CANARY)
      await run('webhook test pager', { env })
      await until(() => to.received.length === 1)
      expect(new Webhook(hook.secret).verify(to.received[0]!.body, to.received[0]!.headers)).toBeTruthy()
      await json('key reseal')
      expect(keyOfPassword()).toBe(writing.key)
      await until(async () => (await password()) === CANARY)
    } finally {
      const { err, out } = await server.stop()
      expectNothingOf(err + out, [...forms(KEY_FILE), CANARY])
    }
    expectNothingOf(said.replaceAll(`${CANARY}\n`, '').replaceAll(`${CANARY}-2\n`, ''), [...forms(KEY_FILE), CANARY])
    expect(await run('verify')).toMatchObject({ status: 0 })
  })
})
