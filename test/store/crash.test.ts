import type { ChildProcess } from 'node:child_process'
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSqlite } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { LATER, ONCE, PLAN } from './children/crash.ts'
import { start, straced, whereInstalled } from './processes.ts'
import { grow, verify } from './samples.ts'
import { temporaryFolder } from './temporary.ts'

const ns = 'default'
const SYSCALLS = 'pwrite64,fdatasync,fsync,rename,ftruncate,unlink,link,copy_file_range'

/** What must hold in a folder after a crash; `acknowledged` says whether the work had said that it was done. */
type Check = (folder: string, acknowledged: boolean) => Promise<void>

/** Of how many calls one is killed, another one in each run; `HOLDFAST_KILL_EVERY=1` kills every single one, which takes a quarter of an hour. */
const EVERY = Number(process.env['HOLDFAST_KILL_EVERY'] ?? 8)

/** Kills the work at its writes, syncs and renames, one after the other, until it comes to its end; two at a time. */
async function killedEverywhere(kind: string, template: string, check: Check): Promise<number> {
  const root = temporaryFolder()
  cpSync(template, join(root, 'unharmed'), { recursive: true })
  expect(await start('crash.ts', [kind, join(root, 'unharmed')]).finished).toMatchObject({
    code: 0,
    stdout: 'acknowledged\n',
  })

  let next = 1 + Math.floor(Math.random() * EVERY)
  let kills = 0
  let isOver = false
  const worker = async () => {
    while (!isOver) {
      const n = next
      next += EVERY
      const folder = join(root, `${n}`)
      cpSync(template, folder, { recursive: true })
      const options = ['-e', `trace=${SYSCALLS}`, '-e', `inject=${SYSCALLS}:signal=SIGKILL:when=${n}`]
      const { code, signal, stdout, stderr } = await straced(options, 'crash.ts', [kind, folder])
      const isKilled = signal === 'SIGKILL' || code === 137
      if (!isKilled) expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      await check(folder, stdout.includes('acknowledged')).catch((error) => {
        throw new Error(`after a kill at call ${n} of ${kind}: ${error.message}`, { cause: error })
      })
      rmSync(folder, { recursive: true })
      if (isKilled) kills++
      else isOver = true
    }
  }
  await Promise.all([worker(), worker()])
  return kills
}

async function within<T>(file: string, work: (store: Store) => Promise<T>, options = {}): Promise<T> {
  const store = await openSqlite(file, { inline: true, ...options })
  try {
    const result = await work(store)
    expect(await verify(store)).toEqual([])
    return result
  } finally {
    await store.close()
  }
}

/** A folder with a store of six versions, one tagged and one the baseline. */
async function prepared(): Promise<string> {
  const folder = temporaryFolder()
  await within(join(folder, 'store.db'), async (store) => {
    await grow(
      store,
      ns,
      Array.from({ length: 6 }, (_, i) => ({ a: i, fixed: 'f', big: 'x'.repeat(3000) + (i % 3) })),
    )
    const at = { createdAt: PLAN.at, createdBy: 'a' }
    await store.mark(ns, { ...at, kind: 'tag', tag: 't', versionId: 2 })
    await store.mark(ns, { ...at, kind: 'baseline', tag: '', versionId: 3 })
  })
  return folder
}

const ids = async (store: Store) => (await store.versions(ns, { limit: 100 })).map((version) => version.id)
const heads = (file: string, options = {}) => within(file, async (store) => (await store.head(ns))?.id ?? 0, options)

describe('a process killed at its writes, syncs and renames', () => {
  whereInstalled(
    'strace',
    'of a first start and its first commit',
    async () => {
      const template = temporaryFolder()
      const kills = await killedEverywhere('commit', template, async (folder, acknowledged) => {
        const head = await heads(join(folder, 'store.db'))
        expect(head).toBeGreaterThanOrEqual(acknowledged ? 1 : 0)
      })
      expect(kills * EVERY).toBeGreaterThan(20)
    },
    240_000,
  )

  whereInstalled(
    'strace',
    'of a change with an answer to remember, which is kept with it or not at all',
    async () => {
      const template = await prepared()
      const seen = new Set<number>()
      const kills = await killedEverywhere('commit', template, async (folder, acknowledged) => {
        const file = join(folder, 'store.db')
        const head = await heads(file)
        const answer = await within(file, (store) => store.once.find(ns, ONCE.owner, ONCE.key))
        expect(answer?.versionId).toBe(head === 7 ? 7 : undefined)
        seen.add(head)
        expect(head === 7 || (head === 6 && !acknowledged)).toBe(true)
      })
      expect(kills * EVERY).toBeGreaterThan(20)
      expect(seen).toEqual(new Set([6, 7]))
    },
    240_000,
  )

  whereInstalled(
    'strace',
    'of a migration',
    async () => {
      const template = await prepared()
      await killedEverywhere('migrate', template, async (folder) => {
        const backup = join(folder, 'store.db.before-v3')
        if (existsSync(backup)) expect(await heads(backup)).toBe(6)
        const file = join(folder, 'store.db')
        expect(await heads(file, { migrations: LATER })).toBe(6)
        const metadata = await within(file, (store) => store.metadata(), { migrations: LATER })
        expect(metadata.get('schema_version')).toBe('3')
      })
    },
    240_000,
  )

  whereInstalled(
    'strace',
    'of a backup',
    async () => {
      const template = await prepared()
      await killedEverywhere('backup', template, async (folder, acknowledged) => {
        expect(await heads(join(folder, 'store.db'))).toBe(6)
        const backup = join(folder, 'backup.db')
        expect(existsSync(backup) || !acknowledged).toBe(true)
        if (existsSync(backup)) expect(await heads(backup)).toBe(6)
      })
    },
    240_000,
  )

  whereInstalled(
    'strace',
    'of a restore',
    async () => {
      const template = await prepared()
      const file = join(template, 'store.db')
      await within(file, async (store) => {
        await store.backup(join(template, 'backup.db'))
        await grow(store, ns, [{ a: 'later' }])
      })
      await killedEverywhere('restore', template, async (folder, acknowledged) => {
        const head = await heads(join(folder, 'store.db'))
        expect(head === 6 || (head === 7 && !acknowledged)).toBe(true)
        if (head === 7) return
        const kept = readdirSync(folder).find((name) => /replaced-\w+$/.test(name))
        expect(await heads(join(folder, kept!))).toBe(7)
      })
    },
    240_000,
  )

  whereInstalled(
    'strace',
    'of a deletion, after which the namespace is there as a whole or gone as one, and what it left is removed later',
    async () => {
      const template = await prepared()
      const left = new Set<number>()
      await killedEverywhere('delete', template, async (folder, acknowledged) => {
        const file = join(folder, 'store.db')
        const head = await heads(file)
        expect(head === 0 || (head === 6 && !acknowledged)).toBe(true)
        if (head === 6) return
        await within(file, async (store) => {
          expect(await verify(store)).toEqual([])
          expect(await store.history(ns, {}, { limit: 10 })).toEqual([])
          left.add(await store.clearDeleted())
          expect((await grow(store, ns, [{ a: 'anew' }]))[0]?.id).toBe(7)
          expect(await store.configJson(ns, 7)).toBe('{"a":"anew"}')
        })
      })
      expect(left.size).toBeGreaterThan(1)
    },
    240_000,
  )

  whereInstalled(
    'strace',
    'of a purge',
    async () => {
      const template = await prepared()
      await killedEverywhere('purge', template, async (folder, acknowledged) => {
        const file = join(folder, 'store.db')
        const left = await within(file, async (store) => {
          const before = await ids(store)
          expect(await verify(store)).toEqual([])
          await store.purge(ns, PLAN)
          expect(await ids(store)).toEqual([6, 5, 3, 2])
          return before
        })
        const outcomes = acknowledged
          ? [[6, 5, 3, 2]]
          : [
              [6, 5, 3, 2],
              [6, 5, 4, 3, 2, 1],
            ]
        expect(outcomes).toContainEqual(left)
      })
    },
    240_000,
  )
})

/** After its first acknowledgement, however long its start took. */
function killSoonAfterItBegan(writer: ChildProcess): void {
  writer.stdout!.once('data', () => setTimeout(() => writer.kill('SIGKILL'), Math.random() * 150))
}

describe('a writer killed at random', () => {
  it('loses nothing that it acknowledged, a hundred times', async () => {
    let total = 0
    for (let store = 0; store < 5; store++) {
      const file = join(temporaryFolder(), 'store.db')
      let acknowledged = 0
      for (let round = 0; round < 10; round++) {
        const writers = [start('commits.ts', [file, '100000']), start('commits.ts', [file, '100000'])]
        for (const { process } of writers) killSoonAfterItBegan(process)
        for (const { stdout } of await Promise.all(writers.map((writer) => writer.finished))) {
          for (const [, id] of stdout.matchAll(/^acknowledged (\d+)$/gm))
            acknowledged = Math.max(acknowledged, Number(id))
        }
        expect(await heads(file)).toBeGreaterThanOrEqual(acknowledged)
      }
      total += acknowledged
    }
    expect(total).toBeGreaterThan(100)
  }, 240_000)
})
