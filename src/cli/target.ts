import { isAbsolute, relative, resolve } from 'node:path'
import { openConfig } from '../engine/open.ts'
import type { Log, OpenOptions, StoreOptions } from '../engine/options.ts'
import type { Admin, Config } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import type { SourceSpec } from '../model/layer.ts'
import { checkNamespace } from '../model/version.ts'
import type { Call } from './command.ts'
import { defined, type Flags } from './flags.ts'
import type { Printer } from './print.ts'
import { findProject, type Project } from './project.ts'
import { refuse } from './refuse.ts'

/** What the flags and `holdfast.yaml` together mean. */
export interface Target {
  readonly namespace: string
  readonly project: Project | undefined
  readonly options: OpenOptions & StoreOptions
}

const DEFAULT_STORE = 'data/config_overrides.db'

export async function readTarget({ flags, io, print }: Call, known?: Project): Promise<Target> {
  const project = known ?? (await findProject(io.cwd))
  const namespace = namespaceOf(flags, project)
  const said = project?.namespaces.get(namespace)
  const directory = project?.directory ?? io.cwd
  const options = defined({
    namespace,
    directory,
    store: storeOf(flags, io.cwd) ?? resolve(directory, project?.store ?? DEFAULT_STORE),
    sources: (await sourcesOf(flags, io.cwd, directory)) ?? said?.sources,
    schema: here(flags.text('schema'), io.cwd, directory) ?? said?.schema,
    replaceSources: flags.has('replace-sources') || undefined,
    actor: flags.text('actor'),
    environment: io.env,
    log: new CommandLog(print),
    follow: false,
    loadEnvironment: false,
    create: false,
  })
  return { namespace, project, options }
}

/** The namespace's configuration, opened for one command. */
export async function openTarget(call: Call, more: Partial<OpenOptions> = {}): Promise<Config> {
  const { options } = await readTarget(call)
  const config = await openConfig({ ...options, ...more }).catch(refuseNoStore)
  if (config.version === undefined)
    await refuseUnknownNamespace(config, storeOptions({ options: { ...options, ...more } }))
  warnOfStale(config, options.log as CommandLog, call.print)
  return config
}

/** A slip in `-n` must not begin a namespace: only the first `set` on an empty store does. */
async function refuseUnknownNamespace(config: Config, options: StoreOptions): Promise<void> {
  const { openAdmin } = await import('../engine/admin.ts')
  await using admin = await openAdmin(options)
  const known = (await admin.namespaces()).map((each) => each.namespace)
  if (known.length === 0 && options.create === true) return
  await config.close()
  const { namespace } = config
  const { suggest } = await import('../model/suggest.ts')
  const near = suggest(namespace, known)
  throw new HoldfastError(
    'not-found',
    `the store has no namespace ${namespace}.${near === undefined ? '' : ` Did you mean ${near}?`}\n` +
      `${known.length === 0 ? 'It has none yet' : `It has ${known.join(', ')}`}; "holdfast namespace create ${namespace}" makes it.`,
    { what: namespace },
  )
}

function warnOfStale({ sources }: Config, log: CommandLog, print: Printer): void {
  for (const { name, state, error } of sources) {
    if (state === 'stale' && !log.hasNamed(name)) print.warn(`${name} keeps its last good content: ${error}`)
  }
}

/** The namespace's configuration as the store has it: nothing is loaded and no version is made, whatever the files say by now. */
export async function openAsStored(call: Call): Promise<Config> {
  const { options } = await readTarget(call)
  const { sources: _, schema: __, ...stored } = options
  return openConfig(stored)
}

function refuseNoStore(error: unknown): never {
  const isMissing = HoldfastError.is(error, 'not-found') && error.message.startsWith('there is no store')
  if (!isMissing) throw error
  const mend = 'Run "holdfast init" to make one, or name another with --store.'
  throw new HoldfastError('not-found', `${error.message}\n${mend}`, error.details)
}

/** The store as a whole, opened for one command. */
export async function openStore(
  call: Call,
  more: Partial<StoreOptions> = {},
): Promise<{ admin: Admin; target: Target }> {
  const [target, { openAdmin }] = await Promise.all([readTarget(call), import('../engine/admin.ts')])
  return { admin: await openAdmin({ ...storeOptions(target), ...more }), target }
}

export function storeOptions({ options }: Pick<Target, 'options'>): StoreOptions {
  const { store, directory, environment, log, create } = options
  return defined({ store, directory, environment, log, create })
}

/** `-n`, else the only namespace `holdfast.yaml` has, else `default`. */
function namespaceOf(flags: Flags, project: Project | undefined): string {
  const only = project?.namespaces.size === 1 ? project.namespaces.keys().next().value : undefined
  return checkNamespace(flags.text('namespace') ?? only ?? 'default')
}

function storeOf(flags: Flags, cwd: string): string | undefined {
  const store = flags.text('store')
  if (store === '') refuse('--store names no file.', 'Write --store data/config_overrides.db.')
  return store === undefined || store === ':memory:' || store.includes('://') ? store : resolve(cwd, store)
}

async function sourcesOf(flags: Flags, cwd: string, directory: string): Promise<readonly SourceSpec[] | undefined> {
  const given = flags.texts('source')
  if (given.length === 0) return undefined
  const { toSpec } = await import('../source/spec.ts')
  return given.map((text) => {
    const spec = toSpec(text)
    return spec.kind === 'file' ? { ...spec, path: here(spec.path, cwd, directory)! } : spec
  })
}

/** A path given where the user stands, said as the project's folder sees it. */
function here(path: string | undefined, cwd: string, directory: string): string | undefined {
  if (path === undefined || isAbsolute(path) || cwd === directory) return path
  return relative(directory, resolve(cwd, path))
}

/** What the engine logs, on standard error; remembers it, so that nothing is said twice. */
class CommandLog implements Log {
  readonly #print: Printer
  readonly #said: string[] = []

  constructor(print: Printer) {
    this.#print = print
  }

  info(_: object, message: string): void {
    this.#print.detail(message)
  }

  warn(_: object, message: string): void {
    this.#said.push(message)
    this.#print.warn(message)
  }

  hasNamed(name: string): boolean {
    return this.#said.some((message) => message.includes(name))
  }
}
