import { openKeys } from '../../src/engine/key-admin.ts'

/** Rotates the keys of a store, and kills itself when it asks what time it is for the `last` time. */
const [directory = '', store = '', last = '0'] = process.argv.slice(2)
let asked = 0
const now = (): Date => {
  if (++asked === Number(last)) process.kill(process.pid, 'SIGKILL')
  return new Date()
}
await using keys = await openKeys({ directory, store, environment: {}, actor: 'child', now })
process.stdout.write((await keys.rotate()).key)
