import { isAbsolute, join } from 'node:path'
import type { Config, SourceStatus } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { type SourceSpec, sourceName } from '../model/layer.ts'
import { LIMITS, type Limits } from '../model/limits.ts'
import { localPrincipal } from '../model/principal.ts'
import type { Reveal } from '../model/snapshot.ts'
import { equal, type Value } from '../model/value.ts'
import { checkNamespace } from '../model/version.ts'
import type { SourceState, Store } from '../store/store.ts'
import { EmbeddedConfig } from './embedded.ts'
import { Feed } from './feed.ts'
import type { Operations } from './operations.ts'
import type { Log, OpenOptions, StoreOptions } from './options.ts'
import { headAt, type Parts } from './parts.ts'
import type { Sight } from './reveal.ts'
import { rulesOf } from './rules.ts'
import type { Sources } from './sources.ts'
import { toStatus } from './status.ts'
import { keptSpec, toState } from './stored.ts'
import type { CallerOf } from './versions.ts'
import type { Writer } from './writer.ts'

export const DEFAULT_STORE = 'data/config_overrides.db'

const warn = (details: object, message: string): void => console.warn(`holdfast: ${message}`, details)
const SILENT_INFO: Log = { info: () => undefined, warn }

/**
 * Opens one namespace of a store: loads its sources, makes a version where the base has moved, and follows both until closed. This is the only
 * place that names implementations. Rejects with a `HoldfastError`; a source that fails keeps its last good content instead.
 */
export async function openConfig<T = unknown>(options: OpenOptions<T> = {}): Promise<Config<T>> {
  const namespace = checkNamespace(options.namespace ?? 'default')
  const store = await openStore(options)
  try {
    return await openNamespace<T>(store, namespace, options)
  } catch (error) {
    await store.close()
    throw error
  }
}

/** The store that `options` name, made ready. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { openSqlite } = await import('../store/sqlite.ts')
  return openSqlite(storePath(options), {
    ...(options.create !== undefined && { create: options.create }),
    ...(options.lockTimeoutMs !== undefined && { lockTimeoutMs: options.lockTimeoutMs }),
    ...(options.now && { now: options.now }),
  })
}

export function storePath({ store = DEFAULT_STORE, directory = process.cwd() }: StoreOptions): string {
  if (/^[a-z]+:\/\//.test(store)) {
    throw new HoldfastError('unsupported', `a store is a path or :memory:, not ${store.replace(/\/\/.*@/, '//')}`, {
      what: 'store',
    })
  }
  return store === ':memory:' || isAbsolute(store) ? store : join(directory, store)
}

async function openNamespace<T>(store: Store, namespace: string, options: OpenOptions<T>): Promise<Config<T>> {
  const feed = new Feed(options.log ?? SILENT_INFO)
  const follows = options.follow !== false
  let onOthers = (): void => undefined
  const stopListening = follows ? store.onForeignCommit(() => onOthers()) : undefined
  const { parts, sight } = await toParts(store, namespace, options, feed)
  const callerOf = callersOf(options)
  const operations = once(async () => {
    const [{ Operations }] = await Promise.all([import('./operations.ts'), sight()])
    return new Operations(parts, callerOf)
  })
  const states = options.sources === undefined && options.follow === false ? await store.sources(namespace) : []
  const sources = once(() => openSources(parts, operations, feed, callerOf, options))
  if (options.sources !== undefined || options.schema !== undefined || options.follow !== false) await sources()

  if (follows) {
    onOthers = () => void refresh(operations, parts)
    onOthers() // what others committed since the state was read
    ;(await sources()).follow(callerOf({}))
  }
  const close = async (): Promise<void> => {
    stopListening?.()
    if (sources.isBegun()) await (await sources()).close()
    if (operations.isBegun()) await (await operations()).writer.close()
    feed.close()
    await store.close()
  }
  return new EmbeddedConfig<T>({
    parts,
    feed,
    operations,
    sources: {
      statuses: () => sources.value()?.statuses() ?? statusesOf(parts, states),
      reload: async () => (await sources()).reload({ by: callerOf({}) }),
    },
    close,
  })
}

async function refresh(operations: () => Promise<Operations>, parts: Parts): Promise<void> {
  try {
    await (await operations()).writer.refresh()
  } catch (error) {
    parts.log.warn({ error: (error as Error).message }, 'could not take in what others committed')
  }
}

function statusesOf(parts: Parts, states: readonly SourceState[]): readonly SourceStatus[] {
  return parts.head.state.specs.map((spec) =>
    toStatus(
      spec,
      states.find((one) => one.name === sourceName(spec)),
    ),
  )
}

interface Once<V> {
  (): Promise<V>
  isBegun(): boolean
  /** The value, where it is there already. */
  value(): V | undefined
}

/** Makes something when it is first asked for, and the same for all who ask. */
function once<V>(make: () => Promise<V>): Once<V> {
  let made: Promise<V> | undefined
  let value: V | undefined
  const get = (): Promise<V> => {
    made ??= make().then((found) => {
      value = found
      return found
    })
    return made
  }
  return Object.assign(get, { isBegun: () => made !== undefined, value: () => value })
}

/** `sight` is there where a value in force needs it; whatever moves the head, or sees another state, has it loaded before. */
async function toParts(
  store: Store,
  namespace: string,
  options: OpenOptions,
  feed: Feed,
): Promise<{ readonly parts: Parts; readonly sight: () => Promise<Sight> }> {
  const environment = options.environment ?? process.env
  const log = options.log ?? SILENT_INFO
  const limits: Limits = { ...LIMITS, ...options.limits }
  const rules = rulesOf(limits)
  const readerNow = () => rules.readerNow(parts.head.state)
  const { directory } = store
  const sight = once(async () =>
    (await import('./reveal.ts')).sightOf({ namespace, environment, directory, log, readerNow }),
  )
  const reveal: Reveal = (snapshot, path, value) => sight.value()!.reveal(snapshot, path, value)
  const stored = await store.state(namespace)
  const parts: Parts = {
    namespace,
    store,
    secrets: {
      prepare: (snapshot) => sight.value()!.secrets.prepare(snapshot),
      seal: (path, value, known) => sight.value()!.secrets.seal(path, value, known),
      open: (path, sealed) => sight.value()!.secrets.open(path, sealed),
    },
    rules,
    reveal,
    head: headAt(toState(stored, reveal)),
    limits,
    log,
    environment,
    directory: options.directory ?? process.cwd(),
    now: options.now ?? (() => new Date()),
    publish: (event) => feed.publish('change', event),
  }
  const { layers, effective } = parts.head.state.snapshot
  if (layers.some((layer) => layer.interpolates)) await rules.reader(parts.head.state)
  if (effective.values().some((doc) => !doc.isPlain)) await sight()
  return { parts, sight }
}

/** The account's name; its number where the system has no name for it, as in many containers. */
function operatingSystemUser(): string {
  try {
    return process.getBuiltinModule('node:os').userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}

/** Whoever calls, unless they say otherwise, is the one the namespace was opened for. */
function callersOf(options: OpenOptions): CallerOf {
  let own = options.actor
  return ({ actor, sourceIp, reason, comment }) => {
    own ??= operatingSystemUser()
    return { who: localPrincipal(actor ?? own, sourceIp ?? null), reason: reason ?? null, comment: comment ?? null }
  }
}

async function openSources(
  parts: Parts,
  operations: () => Promise<Operations>,
  feed: Feed,
  callerOf: CallerOf,
  options: OpenOptions,
): Promise<Sources> {
  const { Sources } = await import('./sources.ts')
  const onStatus = (status: Parameters<typeof feed.publish<'source'>>[1]): void => feed.publish('source', status)
  const writer = async (): Promise<Writer> => (await operations()).writer
  const sources = new Sources(parts, writer, { loadsEnvironment: options.loadEnvironment ?? true, onStatus })
  const given = await givenSpecs(parts, options)
  const specs = given?.map(keptSpec)
  const schema =
    options.schema === undefined
      ? undefined
      : await (await import('./schema-input.ts')).givenSchema(parts, options.schema)
  await sources.open(given ?? parts.head.state.specs.filter((spec) => spec.kind !== 'inline'))
  const isOtherList = specs !== undefined && !equal(toTree(specs), toTree(parts.head.state.specs))
  const plan = {
    by: callerOf({}),
    isOpening: true,
    ...(isOtherList && { specs }),
    ...(schema?.other !== undefined && { schema: schema.other }),
  }
  if (specs !== undefined || schema?.other !== undefined) await sources.reload(plan)
  await schema?.accepted()
  return sources
}

const toTree = (specs: readonly SourceSpec[]): Value => specs as unknown as Value

/** The list asked for, refused (`sources-differ`) where the store has another one and nobody said aloud to replace it. */
async function givenSpecs(parts: Parts, options: OpenOptions): Promise<readonly SourceSpec[] | undefined> {
  if (options.sources === undefined) return undefined
  const { toSpec } = await import('../source/spec.ts')
  const specs = options.sources.map(toSpec)
  const [given, stored] = [specs.map(sourceName), parts.head.state.specs.map(sourceName)]
  const twice = given.find((name, i) => given.indexOf(name) !== i)
  if (twice !== undefined) throw new HoldfastError('malformed', `the source ${twice} is given twice`, { what: twice })
  const isSame = given.length === stored.length && given.every((name, i) => name === stored[i])
  if (isSame || stored.length === 0 || options.replaceSources) return specs
  throw new HoldfastError(
    'sources-differ',
    `namespace ${parts.namespace} has the sources ${list(stored)}, not ${list(given)}: leave them out to use what the store has, or say replaceSources (--replace-sources)`,
    { given, stored },
  )
}

const list = (names: readonly string[]): string => (names.length === 0 ? '(none)' : names.join(', '))
