import { existsSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { progressLine } from '../../src/cli/progress.ts'
import { finish, initialised, start, Workspace } from './harness.ts'

const FROM = 'data/config_overrides.db'

let at: Workspace
beforeEach(async () => {
  at = await initialised()
  await at.run('set server.port=5050 --reason proxy')
})
afterEach(() => at.remove())

describe('holdfast migrate-store', () => {
  it('moves a store, after which the old one can be read and says where it is now', async () => {
    const { heads } = await at.json('verify')
    const moved = await at.json(`migrate-store ${FROM} new/store.db`)
    expect(moved).toEqual({
      from: at.path(FROM),
      to: at.path('new/store.db'),
      namespaces: 1,
      versions: 2,
      history: 1,
      bytes: expect.any(Number),
      switchMs: expect.any(Number),
    })
    expect(await at.json('verify --store new/store.db')).toMatchObject({ ok: true, versions: 2, heads })
    const elsewhere = new Workspace()
    onTestFinished(() => elsewhere.remove())
    expect((await elsewhere.run(`get server.port --store ${at.path(FROM)}`)).out).toBe('5050\n')
    const refused = await at.run('set server.port=6060')
    expect(refused).toMatchObject({ status: 1, out: '' })
    expect(refused.err).toContain(`the store has moved to ${at.path('new/store.db')}`)
    expect((await at.run('set server.port=6060 --store new/store.db')).status).toBe(0)
  })

  it('tells people what was moved, and what to do next', async () => {
    const { out, err, status } = await at.run(`migrate-store ${FROM} new/store.db`)
    expect(status).toBe(0)
    expect(out).toMatch(/^Moved \S+overrides.db to \S+store.db: 1 namespace, 2 versions, 1 history entry \(.+\)\.\n/)
    expect(out).toMatch(/Writers waited \d+ ms\.\n$/)
    expect(err).toContain(`the key of secrets is in ${at.path('data/holdfast.key')}`)
    expect(err).toContain('name the new store in holdfast.yaml')
  })

  it('makes a copy where the source is to be kept', async () => {
    expect((await at.run(`migrate-store ${FROM} data/copy.db --keep-source`)).out).toMatch(/^Copied /)
    expect((await at.run('set server.port=6060')).status).toBe(0)
    expect((await at.run('get server.port --store data/copy.db')).out).toBe('5050\n')
  })

  it('checks what it copies before anything is switched, unless told otherwise', async () => {
    const { default: Database } = await import('better-sqlite3')
    const db = new Database(at.path(FROM))
    db.exec(`DROP TRIGGER version_log_is_append_only; UPDATE version_log SET created_by = 'nobody' WHERE id = 1`)
    db.close()
    const refused = await at.run(`migrate-store ${FROM} new.db`)
    expect(refused).toMatchObject({ status: 1, err: expect.stringContaining('the copy does not verify (default 1: ') })
    expect((await at.run('set server.port=6060')).status).toBe(0)
    expect(await at.run('get --store new.db')).toMatchObject({
      status: 1,
      err: expect.stringContaining('is not whole yet. Run holdfast migrate-store again'),
    })
    expect((await at.run(`migrate-store ${FROM} new.db --no-verify`)).status).toBe(0)
    expect((await at.run('get server.port --store new.db')).out).toBe('6060\n')
    expect((await at.run('verify --store new.db')).status).toBe(2)
  })

  it('goes on where it was killed', async () => {
    for (const ms of [120, 250, 400, 600]) {
      const child = start(['migrate-store', FROM, 'new.db'], at.root)
      const killed = finish(child)
      setTimeout(() => child.kill('SIGKILL'), ms)
      await killed
    }
    const ran = await at.run(`migrate-store ${FROM} new.db`)
    if (ran.status !== 0) expect(ran.err).toContain('there is nothing left to do')
    expect(await at.json('verify --store new.db')).toMatchObject({ ok: true, versions: 2 })
    expect((await at.run('set server.port=6060')).status).toBe(1)
  })

  it('refuses a source that is not there, a target that has something, and flags that name a third store', async () => {
    expect(await at.run('migrate-store none.db new.db')).toMatchObject({ status: 5 })
    expect(existsSync(at.path('none.db'))).toBe(false)
    await at.run(`migrate-store ${FROM} full.db --keep-source`)
    expect(await at.run(`migrate-store ${FROM} full.db`)).toMatchObject({ status: 1 })
    expect(await at.run(`migrate-store ${FROM} ${FROM}`)).toMatchObject({ status: 1 })
    expect(await at.run(`migrate-store ${FROM} :memory:`)).toMatchObject({ status: 1 })
    expect(await at.run(`migrate-store ${FROM} new.db --store x.db`)).toMatchObject({ status: 64 })
    expect(await at.run(`migrate-store ${FROM}`)).toMatchObject({ status: 64 })
    expect((await at.run('set server.port=6060')).status).toBe(0)
  })

  it('comes to life again where a backup of the old store is put back', async () => {
    await at.run(`migrate-store ${FROM} new.db`)
    expect((await at.run('backup old.db')).status).toBe(0)
    expect((await at.run('backup --restore old.db --yes')).status).toBe(0)
    expect((await at.run('set server.port=6060')).status).toBe(0)
  })
})

describe('long work', () => {
  const shown = async (isTTY: boolean, total: number): Promise<string> => {
    let text = ''
    const io = { stderr: { isTTY, write: (more: string) => (text += more) } } as never
    const line = progressLine('copying', io, { quiet: false, json: false } as never)
    for (const until = Date.now() + 400; text === '' && Date.now() < until; ) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      line.onProgress(50, total)
    }
    line.clear()
    return text
  }

  it('shows a bar on a terminal, and nothing elsewhere', async () => {
    expect(await shown(true, 200)).toBe('\rcopying █████░░░░░░░░░░░░░░░ 25 % 50/200\u001b[K\r\u001b[K')
    expect(await shown(true, 0)).toBe('\rcopying 50\u001b[K\r\u001b[K')
    expect(await shown(false, 200)).toBe('')
  })
})
