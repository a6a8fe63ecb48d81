import { openSqlite } from '../../../src/store/sqlite.ts'
import { writeOf } from '../samples.ts'

/** Commits three changes and reads after each, telling how each fared. */
const store = await openSqlite(process.argv[2]!, { inline: true }).catch((error) => {
  console.log(`opening refused ${error.code}`)
  process.exit(0)
})
for (let i = 0; i < 3; i++) {
  try {
    const head = (await store.head('default'))?.id ?? 0
    const before = JSON.parse((await store.configJson('default', head)) ?? '{}')
    await store.commit('default', head, [writeOf(before, { ...before, a: `try ${i}` }, { description: `try ${i}` })])
    console.log(`try ${i} acknowledged`)
  } catch (error) {
    console.log(`try ${i} refused ${(error as { code: string }).code} ${(error as Error).message}`)
  }
}
await store.close().catch((error) => console.log(`closing refused ${error.code}`))
