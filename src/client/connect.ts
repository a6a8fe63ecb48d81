import type { WhoAmI } from '../model/access.ts'
import { HoldfastError } from '../model/errors.ts'
import { reachOf } from '../model/principal.ts'
import { checkNamespace } from '../model/version.ts'
import type { CacheFile, Kept } from './cache-file.ts'
import { Calls } from './calls.ts'
import { issuesIn, refuseIssues, staged } from './checking.ts'
import { Http } from './http.ts'
import { Mirror } from './mirror.ts'
import type { ConnectOptions, RemoteConfig } from './options.ts'
import { Remote, type RemoteParts } from './remote.ts'
import { describe, Reporter } from './report.ts'
import { toBody } from './request.ts'
import { isChangeResult, isWhoAmI } from './shape.ts'
import { fetchSnapshot } from './snapshots.ts'
import { persist } from './wait.ts'

const READY_MS = 10_000
const WATCHDOG_MS = 45_000

/**
 * A namespace of a server as a `Config`: it keeps a snapshot in memory, follows the server, survives its outages, and with `cacheFile` starts
 * without it. Ready, or refused, within `readyTimeoutMs`. Close it at the end: the stream it follows keeps a process running.
 */
export async function connect<T = unknown>(options: ConnectOptions<T>): Promise<RemoteConfig<T>> {
  const namespace = checkNamespace(options.namespace ?? 'default')
  const http = new Http(options)
  try {
    const cache = await openCache(http, options)
    const first = await begin(http, { ...options, namespace }, cache)
    const { answer } = first.kept
    if (options.schema !== undefined) {
      const issues = await issuesIn(options.schema, answer.config, answer.secrets)
      refuseIssues(issues, 'the configuration on the server breaks the schema')
    }
    return await start(http, options, first, cache)
  } catch (error) {
    http.close()
    throw error
  }
}

/** What a client begins with: from the server, or as it was kept. */
interface First {
  readonly kept: Kept
  readonly etag: string | null
  readonly connection: 'live' | 'stale'
}

type Options = ConnectOptions<unknown>

async function openCache(http: Http, { cacheFile }: Options): Promise<CacheFile | undefined> {
  if (cacheFile === undefined) return undefined
  const { CacheFile } = await import('./cache-file.ts')
  return new CacheFile(cacheFile, http.log, http.responseBytes)
}

async function begin(
  http: Http,
  options: Options & { readonly namespace: string },
  cache: CacheFile | undefined,
): Promise<First> {
  const ms = options.readyTimeoutMs ?? READY_MS
  try {
    return await http.within(undefined, ms, (signal) =>
      // With a file to start from there is no need to wait for a server that is away.
      persist(() => ask(http, options, signal), { tries: cache === undefined ? 1000 : 1, ms, signal }),
    )
  } catch (error) {
    if (!HoldfastError.is(error, 'unavailable')) throw error
    const kept = await cache?.load({ url: http.url, namespace: options.namespace })
    if (kept === undefined || (options.reveal !== undefined && options.reveal !== kept.reveal)) throw error
    http.log.warn({ error }, `started from the cache file with version ${kept.answer.version?.id ?? 'none'}`)
    return { kept, etag: null, connection: 'stale' }
  }
}

async function ask(http: Http, options: Options & { readonly namespace: string }, signal: AbortSignal): Promise<First> {
  const { namespace } = options
  const who = await whoami(http, signal)
  const reach = (action: 'config:read' | 'secrets:read') => reachOf({ ...who, sourceIp: null }, action, namespace)
  const reveal = options.reveal ?? reach('secrets:read') !== undefined
  const fetched = await fetchSnapshot(http, { namespace, reveal, signal })
  if (fetched === undefined) throw http.unavailable('it says that nothing changed before anything was known')
  const { answer, etag } = fetched
  const isWhole = reach('config:read')?.isWhole ?? false
  return { kept: { url: http.url, namespace, reveal, isWhole, answer }, etag, connection: 'live' }
}

async function whoami(http: Http, signal: AbortSignal): Promise<WhoAmI> {
  const { body } = await http.send('whoami', { signal })
  if (isWhoAmI(body)) return body
  throw http.unavailable('its answer to whoami is not what it should be')
}

async function start<T>(
  http: Http,
  options: ConnectOptions<T>,
  { kept, etag, connection }: First,
  cache: CacheFile | undefined,
): Promise<RemoteConfig<T>> {
  const { answer, ...place } = kept
  const mirror = new Mirror(
    http,
    { ...place, watchdogMs: options.watchdogMs ?? WATCHDOG_MS, follows: options.follow !== false },
    { answer, etag },
    connection,
  )
  if (cache !== undefined && connection === 'live') cache.save(kept)
  mirror.onSwap((local) => cache?.save({ ...place, answer: local.answer }))
  const reporter = await startReporter(http, options, mirror)
  if (options.schema !== undefined) warnOfIssues(http, options, mirror)
  if (options.follow !== false) void mirror.run()
  return new Remote<T>({
    http,
    mirror,
    check: checkOf(http, options, mirror),
    async close() {
      reporter?.stop()
      http.close()
      mirror.listeners.clear()
      await cache?.settled()
    },
  })
}

async function startReporter(http: Http, { instance = {} }: Options, mirror: Mirror): Promise<Reporter | undefined> {
  if (instance === false) return undefined
  const said = await describe(instance, mirror.versionId)
  const reporter = new Reporter(new Calls(http, { ns: mirror.options.namespace }), said, () => mirror.versionId)
  mirror.onSwap(() => reporter.changed())
  return reporter
}

/** The server has its own schema, and its word counts: what only this process's code refuses is taken in, and told. */
function warnOfIssues(http: Http, { schema }: Options, mirror: Mirror): void {
  mirror.onSwap(({ answer }) => {
    void issuesIn(schema!, answer.config, answer.secrets).then((issues) => {
      if (issues.length > 0) http.log.warn({ issues }, `version ${answer.version?.id} breaks the schema given here`)
    })
  })
}

/** Rules that only code can check are checked by the process that has it, before its changes are sent. */
function checkOf(http: Http, { schema }: Options, mirror: Mirror): RemoteParts['check'] {
  if (schema === undefined) return async () => undefined
  const calls = new Calls(http, { ns: mirror.options.namespace })
  return async (request) => {
    const result = await calls.read('change', isChangeResult, { body: { ...toBody(request), dryRun: true } })
    const after = staged(mirror.local, request, result)
    refuseIssues(await issuesIn(schema, after, mirror.local.answer.secrets), 'the change was refused')
  }
}
