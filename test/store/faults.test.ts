import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSqlite } from '../../src/store/sqlite.ts'
import { start, straced, whereInstalled } from './processes.ts'
import { grow, verify } from './samples.ts'
import { opened, temporaryFolder } from './temporary.ts'

const ns = 'default'

/** A folder with a store of two versions. */
async function prepared(): Promise<string> {
  const folder = temporaryFolder()
  const store = await openSqlite(join(folder, 'store.db'), { inline: true })
  await grow(store, ns, [
    { a: 1, b: 'x'.repeat(5000) },
    { a: 2, b: 'x'.repeat(5000) },
  ])
  await store.close()
  return folder
}

/** What three commits said for themselves while system calls failed, and what is in the store afterwards. */
async function withFault(
  template: string,
  inject: string,
  ofFile = false,
): Promise<{ said: readonly string[]; failures: number }> {
  const folder = temporaryFolder()
  cpSync(template, folder, { recursive: true })
  const file = join(folder, 'store.db')
  const calls = inject.split(':')[0]
  const options = ['-e', `trace=${calls}`, '-e', `inject=${inject}`, ...(ofFile ? ['-P', file] : [])]
  const { code, stdout, stderr, trace } = await straced(options, 'faulty.ts', [file])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const said = stdout.trim().split('\n')

  const store = await openSqlite(file, { inline: true })
  const present = (await store.versions(ns, { limit: 100 })).map((version) => version.description)
  expect(await verify(store)).toEqual([])
  await store.close()
  for (const line of said) {
    const [, name, outcome] = /^(try \d) (acknowledged|refused \S+)/.exec(line) ?? []
    if (name === undefined) continue
    if (outcome === 'acknowledged') expect(present, `${inject}: ${line}`).toContain(name)
    else if (outcome !== 'refused unknown') expect(present, `${inject}: ${line}`).not.toContain(name)
  }
  return { said, failures: trace.split('\n').filter((line) => line.includes('(INJECTED)')).length }
}

describe('a disk that fails', () => {
  /** Lets each call fail in turn, once or from then on, until none does. */
  const eachCall = async (fault: (n: number) => string, look: (said: readonly string[]) => void) => {
    const template = await prepared()
    await start('faulty.ts', [join(temporaryFolder(), 'warm.db')]).finished
    let isOver = false
    let next = 1
    const worker = async () => {
      while (!isOver) {
        const { said, failures } = await withFault(template, fault(next++))
        if (failures === 0) isOver = true
        else look(said)
      }
    }
    await Promise.all([worker(), worker()])
    expect(next).toBeGreaterThan(5)
  }

  whereInstalled(
    'strace',
    'because it is full: nothing is half-written, and the refusal says so',
    async () => {
      await eachCall(
        (n) => `pwrite64:error=ENOSPC:when=${n}+`,
        (said) => {
          for (const line of said.filter((text) => text.includes('refused unavailable ')))
            expect(line).toContain('the disk is full')
          expect(said.join()).not.toContain('refused store')
        },
      )
    },
    240_000,
  )

  whereInstalled(
    'strace',
    'to sync, once: what is acknowledged is there, what is refused is not',
    async () => {
      const outcomes = new Set<string>()
      await eachCall(
        (n) => `fdatasync,fsync:error=EIO:when=${n}`,
        (said) => {
          for (const line of said)
            outcomes.add(
              line
                .replace(/try \d /, '')
                .split(' ')
                .slice(0, 2)
                .join(' '),
            )
        },
      )
      expect(outcomes).toContain('refused unavailable')
      expect(outcomes).not.toContain('refused store')
    },
    240_000,
  )

  whereInstalled(
    'strace',
    'to sync, for good: no later commit is acknowledged, and reads go on',
    async () => {
      await eachCall(
        (n) => `fdatasync,fsync:error=EIO:when=${n}+`,
        (said) => {
          const first = said.findIndex((line) => line.includes('refused'))
          if (first >= 0) expect(said.slice(first).join()).not.toContain('acknowledged')
        },
      )
    },
    240_000,
  )

  whereInstalled(
    'strace',
    'to read: the error is told, and nothing is made anew',
    async () => {
      const template = await prepared()
      for (const n of [1, 2, 3, 5, 8]) {
        const { said } = await withFault(template, `pread64:error=EIO:when=${n}+`, true)
        expect(said.join()).not.toContain('acknowledged')
      }
    },
    240_000,
  )
})

describe('a store with no room to grow', () => {
  it('refuses a change as a full disk, keeps what it has, and takes changes again when there is room', async () => {
    const { Connection } = await import('../../src/store/sqlite-connection.ts')
    const { SqliteDriver } = await import('../../src/store/sqlite-driver.ts')
    const { sqlStore } = await import('../../src/store/sql.ts')
    const { openReader } = await import('../../src/store/sqlite-open.ts')
    const file = join(await prepared(), 'store.db')
    const options = { name: file, file, lockTimeoutMs: 100, inline: true }
    const store = sqlStore(new SqliteDriver({ ...options, reader: openReader(file) }))
    const prepare = Connection.prototype.exec
    Connection.prototype.exec = function (sql) {
      prepare.call(this, sql)
      if (sql === 'BEGIN IMMEDIATE') this.value('PRAGMA max_page_count = 30')
    }
    const big = { a: 'y'.repeat(500_000) }
    try {
      await expect(grow(store, ns, [big])).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('the disk is full'),
      })
      expect((await store.head(ns))?.id).toBe(2)
    } finally {
      Connection.prototype.exec = prepare
      await store.close()
    }
    const again = await opened(file)
    expect(await grow(again, ns, [big])).toMatchObject([{ id: 3 }])
    expect(await verify(again)).toEqual([])
  })
})
