import { openSqlite } from '../../../src/store/sqlite.ts'
import { writeOf } from '../samples.ts'

const code = (error: unknown) => (error as { code?: string }).code

/** Reads a store and tries to write to it. */
const [file] = process.argv.slice(2)
try {
  const store = await openSqlite(file!)
  console.log('read', await store.configJson('default', 1))
  await store.commit('default', 1, [writeOf({ a: 1 }, { a: 2 })]).then(
    () => console.log('written'),
    (error) => console.log('refused', code(error)),
  )
  console.log((await store.check()).length, 'problems', (await store.stats()).walBytes)
  await store.close()
} catch (error) {
  console.log('refused', code(error))
}
