import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { storeName } from '../../src/model/config.ts'
import { describeWithPostgres } from '../postgres/describe.ts'
import { PostgresServer } from '../postgres/server.ts'
import { INI, Workspace } from './harness.ts'

const KEY = { HOLDFAST_KEY: randomBytes(32).toString('base64') }
const BAR = /\r(?:copying|verifying|restoring) [█░]{20} \d+ % \d+\/\d+/

describeWithPostgres('with PostgreSQL', () => {
  let server: PostgresServer
  let at: Workspace
  beforeAll(async () => {
    server = await PostgresServer.start()
  })
  afterAll(() => server?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    at = new Workspace({ 'app.ini': INI })
    await at.run('init --source app.ini', { env: KEY })
    for (let port = 5001; port <= 5040; port++) await at.run(`set server.port=${port}`)
  })
  afterEach(() => at.remove())

  it('holdfast migrate-store moves a file there and back, with every number and hash, and shows how far it is', async () => {
    const [url, { heads }] = [await server.freshDatabase(), await at.json('verify')]
    const moved = await at.json(`migrate-store data/config_overrides.db ${url}`, { isTerminal: true })
    expect(moved).toEqual({
      from: at.path('data/config_overrides.db'),
      to: storeName(url),
      namespaces: 1,
      versions: 41,
      history: 40,
      bytes: expect.any(Number),
      switchMs: expect.any(Number),
    })
    expect(await at.json(`verify --store ${url}`)).toMatchObject({ ok: true, versions: 41, heads })
    const refused = await at.run('set server.port=6060')
    expect(refused).toMatchObject({ status: 1, out: '' })
    expect(refused.err).toContain(`the store has moved to ${storeName(url)}; it can only be read here. Use that one`)

    const back = await at.run(`migrate-store ${url} back.db`, { isTerminal: true })
    expect(back).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^Moved postgres:\S+ to \S+back\.db: 1 namespace, 41 versions/),
    })
    expect(back.err).toMatch(BAR)
    expect(back.out + back.err).not.toContain(new URL(url).password)
    expect(await at.json('verify --store back.db')).toMatchObject({ ok: true, versions: 41, heads })
    const late = await at.run(`set server.port=6060 --store ${url}`)
    expect(late).toMatchObject({
      status: 1,
      err: expect.stringContaining(`the store has moved to ${at.path('back.db')}`),
    })
    expect((await at.run('set server.port=6060 --store back.db')).status).toBe(0)
  })

  it('holdfast backup makes a file that goes back into a file, and into PostgreSQL, where what was there is kept', async () => {
    const url = await server.freshDatabase()
    await at.run(`migrate-store data/config_overrides.db ${url}`)
    const made = await at.run(`backup monday.db --store ${url}`, { isTerminal: true })
    expect(made).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^Copied 41 versions and 40 history entries to \S+monday\.db/),
    })
    const checked = await at.json('backup --verify monday.db')
    expect(checked).toMatchObject({ ok: true, versions: 41 })

    await at.run(`set server.port=6060 --store ${url}`)
    const put = await at.run(`backup --restore monday.db --yes --store ${url}`, { isTerminal: true })
    expect(put).toMatchObject({
      status: 0,
      out: expect.stringMatching(
        /^Put back 41 versions into postgres:.*\nWhat was there before is kept as postgres:\S+schema=holdfast_replaced_\w+\.\n/,
      ),
    })
    expect(await at.json(`verify --store ${url}`)).toMatchObject({ versions: 41, heads: checked.heads })
    expect(await at.json(`set server.port=7070 --store ${url}`)).toMatchObject({ version: { id: 42 } })

    expect(await at.json('backup --restore monday.db --yes --store other.db')).toMatchObject({
      replaced: null,
      versions: 41,
    })
    expect(await at.json('set server.port=6060 --store other.db')).toMatchObject({ version: { id: 42 } })
  })
})
