import { isTransient, type SourceStatus } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { type SourceSpec, sourceName } from '../model/layer.ts'
import type { Fence } from '../model/lease.ts'
import { LIMITS, type Limits } from '../model/limits.ts'
import type { Reveal } from '../model/snapshot.ts'
import { equal, type Value } from '../model/value.ts'
import type { News, SourceState, Store } from '../store/store.ts'
import { Feed } from './feed.ts'
import { type Once, once } from './lazily.ts'
import type { Log, OpenOptions } from './options.ts'
import { type Caller, type CallerOf, headAt, type Parts } from './parts.ts'
import type { Sight } from './reveal.ts'
import { rulesOf } from './rules.ts'
import type { Sources } from './sources.ts'
import { toStatus } from './status.ts'
import { keptSpec, toState } from './stored.ts'
import { EVERYTHING } from './view.ts'
import type { Writer } from './writer.ts'

const warn = (details: object, message: string): void => console.warn(`holdfast: ${message}`, details)
/** Where warnings go unless told otherwise: to standard error, as of a library. */
export const SILENT_INFO: Log = { info: () => undefined, warn }

/** How soon what others committed is read again where it could not be. */
const RETRY_MS = 1000

/** One namespace, opened once: its state in memory, the one writer that moves it, its sources and its listeners, shared by all who ask. */
export interface OpenNamespace {
  readonly parts: Parts
  readonly feed: Feed
  readonly writer: () => Promise<Writer>
  /** How many changes wait to be committed. */
  waiting(): number
  /** Every source with how it fares. */
  statuses(): readonly SourceStatus[]
  /** False where another node loads its sources. */
  loads(): boolean
  reload(by: Caller): Promise<readonly SourceStatus[]>
  /** Takes sources and a schema that were not taken when it was opened; with `fence`, for as long as this lease is held. */
  adopt(options: OpenOptions, fence?: Fence): Promise<void>
  /** Leaves the sources to another process. */
  abandon(): Promise<void>
  /** Takes in what others committed; rejects where the store cannot be read. */
  refresh(): Promise<void>
  close(): Promise<void>
}

export interface NamespaceCaller {
  /** Who it is opened for: whose versions the base's changes are. */
  readonly callerOf: CallerOf
  /** False leaves sources that were not given to the process that loads them; true. */
  readonly loadsStored?: boolean
}

const isAbout = (namespace: string, news: News | undefined): boolean =>
  news === undefined || news === `namespace:${namespace}`

/** Opens a namespace of `store`, which stays its caller's to close. */
export async function openNamespace(
  store: Store,
  namespace: string,
  options: OpenOptions,
  by: NamespaceCaller,
): Promise<OpenNamespace> {
  const { callerOf } = by
  const feed = new Feed(options.log ?? SILENT_INFO)
  const follows = options.follow !== false
  let onOthers = (): void => undefined
  const stopListening = follows ? store.onForeignCommit((news) => isAbout(namespace, news) && onOthers()) : undefined
  try {
    const { parts, sight } = await toParts(store, namespace, options, feed)
    const writer = once(async () => {
      const [{ Writer }] = await Promise.all([import('./writer.ts'), sight()])
      return new Writer(parts)
    })
    const refresh = async (): Promise<void> => {
      await (await writer()).refresh()
      await sources.value()?.learn()
    }
    let isClosed = false
    const states = options.sources === undefined && !follows ? await store.sources(namespace) : []
    let sources = once(() => openSources(parts, writer, feed, { by, options }))
    if (options.sources !== undefined || options.schema !== undefined || follows) await sources()

    if (follows) {
      onOthers = () =>
        void refresh().catch(() => {
          if (!isClosed) setTimeout(() => !isClosed && onOthers(), RETRY_MS).unref() // the writer has told the log
        })
      onOthers() // what others committed since the state was read
      ;(await sources()).follow(callerOf({}))
    }
    const replace = async (next: Sources): Promise<void> => {
      if (isClosed) return next.close()
      const before = sources
      sources = once(async () => next)
      await sources()
      await (await before()).close()
      next.follow(callerOf({}))
    }
    return {
      parts,
      feed,
      writer,
      waiting: () => writer.value()?.waiting ?? 0,
      statuses: () => sources.value()?.statuses() ?? statusesOf(parts, states),
      loads: () => true,
      reload: async (by) => (await sources()).reload({ by }),
      async adopt(given, fence) {
        await replace(await openSources(parts, writer, feed, { by, options: given, fence }))
      },
      async abandon() {
        const { sources: _, schema: __, ...rest } = options
        await replace(await openSources(parts, writer, feed, { by, options: rest }))
      },
      refresh,
      async close() {
        isClosed = true
        stopListening?.()
        if (sources.isBegun()) await (await sources()).close()
        if (writer.isBegun()) await (await writer()).close()
        feed.close()
      },
    }
  } catch (error) {
    stopListening?.()
    throw error
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
  const kept = { directory: store.directory, isTransient: isTransient(store.name) }
  const now = options.now ?? (() => new Date())
  const sight = once(async () =>
    (await import('./reveal.ts')).sightOf({ ...kept, namespace, environment, log, now, readerNow }),
  )
  const reveal: Reveal = (snapshot, path, value, discretion) => sight.value()!.reveal(snapshot, path, value, discretion)
  const stored = await store.state(namespace)
  const parts: Parts = {
    namespace,
    store,
    secrets: {
      prepare: (snapshot) => sight.value()!.secrets.prepare(snapshot),
      seal: (path, value, known) => sight.value()!.secrets.seal(path, value, known),
      key: () => sight.value()!.secrets.key(),
      mark: (path, value) => sight.value()!.secrets.mark(path, value),
      reseal: (path, sealed) => sight.value()!.secrets.reseal(path, sealed),
      isSame: (path, one, other) => sight.value()?.secrets.isSame(path, one, other) ?? false,
      open: (path, sealed) => sight.value()!.secrets.open(path, sealed),
    },
    rules,
    reveal,
    head: headAt(toState(stored, reveal)),
    view: EVERYTHING,
    limits,
    log,
    environment,
    directory: options.directory ?? process.cwd(),
    now,
    publish: (event) => feed.publish('change', event),
  }
  const { layers, effective } = parts.head.state.snapshot
  if (layers.some((layer) => layer.interpolates)) await rules.reader(parts.head.state)
  if (effective.values().some((doc) => !doc.isPlain)) await sight()
  return { parts, sight }
}

async function openSources(
  parts: Parts,
  writer: Once<Writer>,
  feed: Feed,
  {
    by,
    options,
    fence,
  }: { readonly by: NamespaceCaller; readonly options: OpenOptions; readonly fence?: Fence | undefined },
): Promise<Sources> {
  const { Sources } = await import('./sources.ts')
  const onStatus = (status: Parameters<typeof feed.publish<'source'>>[1]): void => feed.publish('source', status)
  const sources = new Sources(parts, writer, {
    loadsEnvironment: options.loadEnvironment ?? true,
    onStatus,
    fence,
  })
  const given = await givenSpecs(parts, options)
  const specs = given?.map(keptSpec)
  const schema =
    options.schema === undefined
      ? undefined
      : await (await import('./schema-input.ts')).givenSchema(parts, options.schema)
  const stored = by.loadsStored === false ? [] : parts.head.state.specs.filter((spec) => spec.kind !== 'inline')
  await sources.open(given ?? stored)
  const isOtherList = specs !== undefined && !equal(toTree(specs), toTree(parts.head.state.specs))
  const plan = {
    by: by.callerOf({}),
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
