import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { PresenceTimes } from '../../src/engine/presence.ts'
import { openServiceOn } from '../../src/engine/service.ts'
import { serveService } from '../../src/http/serve.ts'
import type { ServeOptions } from '../../src/server.ts'
import { openThreaded } from '../../src/store/threaded.ts'
import { FaultyStore } from '../engine/faulty-store.ts'
import { NS, Served } from './serving.ts'

/** Shorter than a server's own, and long enough for a machine with much to do. */
const TIMES: PresenceTimes = { look: 50, silence: 5000, read: 1500, write: 3000 }

/** The first token of the store in a folder is shown once. */
const FIRST = new Map<string, string>()

/** A server whose store can be taken away; of one folder there may be several. */
export async function faultyServer(
  directory: string,
  options: ServeOptions = {},
  times: Partial<PresenceTimes> = {},
): Promise<{ readonly faulty: FaultyStore; readonly at: Served }> {
  const faulty = new FaultyStore(await openThreaded(join(directory, 'store.db')))
  const whole: ServeOptions = {
    directory,
    environment: {},
    port: 0,
    tokenRate: 1e9,
    addressRate: 1e9,
    drainSeconds: 1,
    heartbeatSeconds: 1,
    log: { info: () => undefined, warn: () => undefined },
    onFirstToken: (text) => FIRST.set(directory, text),
    ...options,
  }
  const service = await openServiceOn(faulty.store, whole, { ...TIMES, ...times })
  const server = await serveService(service, whole)
  onTestFinished(async () => {
    faulty.comeBack()
    await server.close()
  })
  const at = new Served(server, FIRST.get(directory)!)
  await at.ask('PUT', NS)
  return { faulty, at }
}
