import type { Log } from '../../engine/options.ts'
import type { ServiceOptions } from '../../engine/service.ts'
import type { ServeOptions } from '../../http/options.ts'
import { defined, type Flags } from '../flags.ts'
import type { StoreTarget } from '../target.ts'
import { schedulesOf } from './schedules.ts'
import type { Settings } from './settings.ts'

type Namespaces = NonNullable<ServiceOptions['namespaces']>

/** Every option of a server but those that no user sets: one that is forgotten here does not compile. */
type Told = Exclude<
  keyof ServeOptions,
  'fd' | 'onFirstToken' | 'create' | 'now' | 'threads' | 'leaseMs' | 'consoleDirectory'
>

/** What a server is started with: the store and its namespaces as every command finds them, and the settings. */
export async function toServeOptions(
  target: StoreTarget,
  settings: Settings,
  flags: Flags,
  log: Log,
): Promise<ServeOptions> {
  const { store, directory, environment } = target.options
  const [certFile, keyFile] = [settings['tls-cert'], settings['tls-key']]
  const options = {
    ...{ store, directory, environment, log },
    namespaces: namespacesOf(target, flags),
    schedules: await schedulesOf(target.project),
    host: settings.host,
    port: settings.port,
    tls: certFile !== undefined && keyFile !== undefined ? { certFile, keyFile } : undefined,
    insecure: settings.insecure,
    trustProxy: settings['trust-proxy'],
    allowedHosts: settings['allowed-hosts'],
    requestBytes: settings['request-bytes'],
    tokenRate: settings['token-rate'],
    addressRate: settings['address-rate'],
    tokenWatchers: settings['token-watchers'],
    watchers: settings.watchers,
    watcherBytes: settings['watcher-bytes'],
    heartbeatSeconds: seconds(settings.heartbeat),
    drainSeconds: seconds(settings.drain),
    backupDirectory: settings['backup-directory'],
    webhookHosts: settings['webhook-hosts'],
    lockTimeoutMs: settings['lock-timeout'],
    limits: limitsOf(settings),
    logRequests: settings['log-requests'],
  } satisfies { readonly [K in Told]: unknown }
  return defined(options)
}

/** The namespaces of `holdfast.yaml`; flags speak of the one that `-n` names. */
function namespacesOf({ namespace, project, options }: StoreTarget, flags: Flags): Namespaces {
  const replaceSources = flags.has('replace-sources') || undefined
  const said = [...(project?.namespaces ?? [])].map(
    ([name, { sources, schema }]) => [name, defined({ sources, schema, replaceSources })] as const,
  )
  const isTold = flags.has('source') || flags.has('schema') || flags.has('namespace')
  const { sources, schema } = options
  return Object.fromEntries(
    isTold ? [...said, [namespace, defined({ sources, schema, replaceSources })] as const] : said,
  )
}

function limitsOf(settings: Settings): NonNullable<ServiceOptions['limits']> {
  return defined({
    valueBytes: settings['value-bytes'],
    sourceBytes: settings['source-bytes'],
    depth: settings.depth,
    keyLength: settings['key-length'],
    operations: settings.operations,
  })
}

const seconds = (milliseconds: number | undefined): number | undefined =>
  milliseconds === undefined ? undefined : milliseconds / 1000
