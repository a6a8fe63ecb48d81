import { newKey } from '../../client/calls.ts'
import { toBody } from '../../client/request.ts'
import type { RouteName } from '../../wire/paths.ts'
import type { Call } from '../command.ts'
import { openRemote, serverOptions } from '../remote.ts'
import type { ServerTarget } from '../target.ts'
import { Asker } from './asker.ts'
import type { Bed } from './bed.ts'
import type { Task } from './measure.ts'
import { patiently } from './patience.ts'
import { NUMBER, type Sample } from './sample.ts'

export interface ServerBedOptions {
  readonly target: ServerTarget
  readonly call: Call
  readonly clients: number
  readonly sample: Sample
  readonly signal: AbortSignal
}

/** A namespace of a server: each client has a connection of its own, and each watcher is a `Config` as services have it. */
export function openServerBed({ target, call, clients, sample, signal }: ServerBedOptions): Bed {
  const asker = new Asker(serverOptions(target.url, call), signal)
  const ns = target.namespace
  let last = ''
  return {
    async change(lane, request) {
      const headers = { 'idempotency-key': newKey() }
      const answer = await asker.ask(lane, 'change', { in: { ns }, headers, body: JSON.stringify(toBody(request)) })
      last = answer.text
    },
    watcher: () => openRemote(target, call, { follow: true }),
    async reads() {
      const etag = await patiently(() => etagOf(asker, ns, last), signal)
      return reads(asker, { ns, etag, section: sample.sections[0]!, clients })
    },
    floor: {
      name: 'floor',
      what: 'floor: GET /livez',
      lanes: 1,
      async run() {
        await asker.ask(0, 'livez')
      },
    },
    async [Symbol.asyncDispose]() {
      asker.close()
    },
  }
}

/** Behind a balancer another server answers than the one that made the last change: an older tag than its own would never be unchanged. */
async function etagOf(asker: Asker, ns: string, lastChange: string): Promise<string> {
  const { version } = JSON.parse(lastChange) as { readonly version: { readonly id: number } }
  return (await asker.ask(0, 'readConfig', { in: { ns }, query: `min=${version.id}` })).etag
}

interface Reads {
  readonly ns: string
  readonly etag: string
  readonly section: string
  readonly clients: number
}

/** What services and people ask for: all of it, whether it is still the same, and one key. */
function reads(asker: Asker, { ns, etag, section, clients }: Reads): readonly Task[] {
  const task = (name: string, what: string, route: RouteName, request: Parameters<Asker['ask']>[2]): Task => ({
    name,
    what: `${what}, ${clients} at once`,
    lanes: clients,
    async run(lane) {
      await asker.ask(lane, route, request)
    },
  })
  return [
    task('config', 'whole configuration', 'readConfig', { in: { ns } }),
    task('unchanged', 'unchanged (304)', 'readConfig', { in: { ns }, headers: { 'if-none-match': etag } }),
    task('key', 'one key', 'readKey', { in: { ns, section, key: NUMBER } }),
  ]
}
