import { loadKeyring } from '../../src/engine/keyring.ts'
import { Leases } from '../../src/engine/leases.ts'
import type { WebhookParts } from '../../src/engine/webhook-parts.ts'
import type { Config } from '../../src/index.ts'
import type { ChangeEvent, SourceStatus } from '../../src/model/config.ts'
import type { Store } from '../../src/store/store.ts'

const quiet = { info: () => undefined, warn: () => undefined }

/** What webhooks need, of a store and a namespace of it. */
export function partsOf(of: {
  readonly directory: string
  readonly store: Store
  readonly config: Config
  readonly now: () => Date
}): WebhookParts & { readonly leases: Leases } {
  const { directory, store, config, now } = of
  return {
    store,
    leases: new Leases({ store, now, log: quiet }),
    keyring: () => loadKeyring({ environment: {}, directory, isTransient: false, log: quiet }),
    resume: (namespace, since, limit) => resume(store, config, { namespace, since, limit }),
    onChange: (listener) => config.on('change', () => listener(config.namespace)),
    onSource: (listener) => config.on('source', (status: SourceStatus) => listener(config.namespace, status)),
    disguise: (_, version) => ({ ...version, hash: 'disguised', chainHash: 'disguised too' }),
    record: () => undefined,
    webhookHosts: ['localhost'],
    log: quiet,
    now,
  }
}

async function resume(store: Store, config: Config, from: { namespace: string; since: number; limit: number }) {
  const delta = await store.delta(from.namespace, from.since)
  const last = delta.versions.at(-1)?.id
  const events: ChangeEvent[] = []
  if (!delta.isWhole || last === undefined) return { isWhole: delta.isWhole, events }
  for await (const event of config.watch({ since: from.since })) {
    events.push(event)
    if (event.version.id >= last || events.length === from.limit) break
  }
  return { isWhole: true, events }
}
