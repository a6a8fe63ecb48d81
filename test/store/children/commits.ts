import { openSqlite } from '../../../src/store/sqlite.ts'
import { writeOf } from '../samples.ts'

/** Commits a number of versions, saying each when it is acknowledged. */
const [file, count] = process.argv.slice(2)
const store = await openSqlite(file!)
for (let i = 0; i < Number(count); i++) {
  const head = (await store.head('default'))?.id ?? 0
  const [version] = await store.commit('default', head, [writeOf({}, { a: i, b: { c: i } })])
  process.stdout.write(`acknowledged ${version!.id}\n`)
}
await store.close()
