import { join } from 'node:path'
import { MIGRATIONS } from '../../../src/store/migrations/index.ts'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { restoreBackup } from '../../../src/store/sqlite-restore.ts'
import { writeOf } from '../samples.ts'

export const LATER = [...MIGRATIONS, { version: 3, sql: 'CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT' }]
export const PLAN = {
  before: '2030-01-01T00:00:00.000Z',
  keep: 2,
  by: 'a',
  at: '2030-01-01T00:00:00.000Z',
  dryRun: false,
}

export const ONCE = { owner: 'o', key: 'k', requestHash: 'h', createdAt: PLAN.at, answer: '{}' }

/** Does one thing to the store in a folder, and says so when it was acknowledged. Slow work is done on this thread, to be killed in it too. */
const work: Record<string, (file: string, folder: string) => Promise<void>> = {
  async commit(file) {
    const store = await openSqlite(file, { inline: true })
    const head = (await store.head('default'))?.id ?? 0
    const before = JSON.parse((await store.configJson('default', head)) ?? '{}')
    await store.commit('default', head, [writeOf(before, { ...before, a: 'new' }, { once: ONCE })])
    console.log('acknowledged')
    await store.close()
  },
  async migrate(file) {
    const store = await openSqlite(file, { inline: true, migrations: LATER })
    console.log('acknowledged')
    await store.close()
  },
  async backup(file, folder) {
    const store = await openSqlite(file, { inline: true })
    await store.backup(join(folder, 'backup.db'))
    console.log('acknowledged')
    await store.close()
  },
  async restore(file, folder) {
    restoreBackup(join(folder, 'backup.db'), file)
    console.log('acknowledged')
  },
  async purge(file) {
    const store = await openSqlite(file, { inline: true })
    await store.purge('default', PLAN)
    console.log('acknowledged')
    await store.close()
  },
  async delete(file) {
    const store = await openSqlite(file, { inline: true })
    await store.deleteNamespace('default', PLAN.at)
    console.log('acknowledged')
    await store.clearDeleted()
    await store.close()
  },
}

const [kind, folder] = process.argv.slice(2)
if (kind !== undefined) await work[kind]!(join(folder!, 'store.db'), folder!)
