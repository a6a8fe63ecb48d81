import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithPostgres } from './describe.ts'
import { processes } from './processes.ts'
import { PostgresServer } from './server.ts'
import { until } from './until.ts'

describeWithPostgres('a PostgreSQL of the tests', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start({ settings: { max_connections: 40 } })
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  it('is 14 or later, has the settings it was given and the hash of a chain', async () => {
    const [row] = await server.query<{ version: string; most: string }>(
      "SELECT current_setting('server_version_num') AS version, current_setting('max_connections') AS most",
    )
    expect(Number(row!.version)).toBeGreaterThanOrEqual(140_000)
    expect(row!.most).toBe('40')
    await server.query('CREATE EXTENSION pgcrypto')
    const [hash] = await server.query("SELECT encode(digest('', 'sha3-256'), 'hex') AS hex")
    expect(hash).toEqual({ hex: 'a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a' })
  })

  it('does not run as root', async () => {
    const file = join(server.folder, 'uid')
    await server.query(`COPY (SELECT 1) TO PROGRAM 'id -u >${file}'`)
    expect(Number(readFileSync(file, 'utf8'))).toBeGreaterThan(0)
  })

  it('asks for a password', async () => {
    const client = new Client({ connectionString: server.url().replace(/:[^:@]+@/, ':wrong@') })
    await expect(client.connect()).rejects.toMatchObject({ code: '28P01' })
  })

  it('gives each test a database of its own', async () => {
    const [first, second] = [await server.freshDatabase(), await server.freshDatabase()]
    const client = new Client({ connectionString: first })
    await client.connect()
    await client.query('CREATE TABLE mine (n int)')
    await client.end()
    const other = new Client({ connectionString: second })
    await other.connect()
    await expect(other.query('SELECT * FROM mine')).rejects.toMatchObject({ code: '42P01' })
    await other.end()
  })

  it('keeps what was committed through stops and kills, on the same port', async () => {
    await server.query('CREATE TABLE kept (n int)')
    const ends = [() => server.stop(), () => server.stop('immediate'), () => server.kill()]
    for (const [n, end] of ends.entries()) {
      await server.query('INSERT INTO kept VALUES ($1)', [n])
      await end()
      await expect(server.query('SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
      await server.start()
    }
    await server.restart()
    expect(await server.query('SELECT n FROM kept ORDER BY n')).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }])
  })

  it('answers nothing while it is paused, and everything afterwards', async () => {
    const client = new Client({ connectionString: server.url() })
    await client.connect()
    server.pause()
    let isAnswered = false
    const asked = client.query('SELECT 7 AS n').then(({ rows }) => {
      isAnswered = true
      return rows
    })
    const connecting = server.query('SELECT 8 AS n')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(isAnswered).toBe(false)
    server.resume()
    expect(await asked).toEqual([{ n: 7 }])
    expect(await connecting).toEqual([{ n: 8 }])
    await client.end()
  })

  it('takes new settings while it runs', async () => {
    await server.configure({ work_mem: '9MB' })
    expect(await server.query('SHOW work_mem')).toEqual([{ work_mem: '9MB' }])
  })

  it('leaves no folder behind', async () => {
    const other = await PostgresServer.start()
    await other[Symbol.asyncDispose]()
    expect(existsSync(other.folder)).toBe(false)
    expect(other.isRunning).toBe(false)
  })

  it('is gone with its folder when the tests that started it are killed', async () => {
    const tests = spawn(process.execPath, [join(import.meta.dirname, 'children/stay.ts')], {
      env: { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [said] = (await once(tests.stdout, 'data')) as [Buffer]
    const { pid, folder } = JSON.parse(String(said)) as { readonly pid: number; readonly folder: string }
    expect(processes().some((one) => one.pid === pid)).toBe(true)
    tests.kill('SIGKILL')
    await until('PostgreSQL is gone', () => !processes().some((one) => one.pid === pid) && !existsSync(folder))
  }, 60_000)
})
