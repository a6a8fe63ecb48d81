import { openStore } from '../../../src/engine/open.ts'
import { HoldfastError } from '../../../src/model/errors.ts'
import { at, entry, writeOf } from '../samples.ts'

/** Writes one version after another, and says each that was acknowledged, until the store takes no more and says why. */
const store = await openStore({ store: process.argv[2]! })
for (let i = 0; ; i++) {
  const head = (await store.head('busy'))?.id ?? 0
  try {
    const [version] = await store.commit('busy', head, [writeOf({}, { a: i })])
    console.log(`${version!.id} ${version!.chainHash}`)
    if (i % 5 === 0) await store.auditLog.append([entry({ detail: `${i}` })])
    if (i % 20 === 19) await purge()
  } catch (error) {
    if (!HoldfastError.is(error, 'unavailable')) throw error
    console.log(error.message)
    break
  }
}
await store.close()

async function purge(): Promise<void> {
  const plan = { before: '2099-01-01T00:00:00.000Z', keep: 1_000_000, by: 'p', at: at(0), dryRun: false }
  await store.purge('a', { ...plan, keep: 1 })
  await store.purge('busy', plan)
}
