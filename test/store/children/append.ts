import { HoldfastError } from '../../../src/model/errors.ts'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { writeOf } from '../samples.ts'

/** Appends so many versions, staging again whenever another process was faster. */
const [file, name, count] = process.argv.slice(2)
const store = await openSqlite(file!)
for (let done = 0; done < Number(count); ) {
  const head = (await store.head('default'))?.id ?? 0
  try {
    await store.commit('default', head, [writeOf({}, { a: `${name} ${done}` }, { createdBy: name! })])
    done++
  } catch (error) {
    if (!HoldfastError.is(error, 'conflict')) throw error
  }
}
await store.close()
