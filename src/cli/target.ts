import { isAbsolute, relative, resolve } from 'node:path'
import type { OpenOptions, StoreOptions } from '../engine/options.ts'
import type { SourceSpec } from '../model/layer.ts'
import { checkNamespace } from '../model/version.ts'
import type { Call } from './command.ts'
import { CommandLog } from './command-log.ts'
import { defined, type Flags } from './flags.ts'
import { type Place, placeOf, refuseServer, refuseStoreFlags } from './place.ts'
import { findProject, type Project } from './project.ts'

/** What the flags, the variables and `holdfast.yaml` together mean. */
export type Target = StoreTarget | ServerTarget

interface Common {
  readonly namespace: string
  readonly project: Project | undefined
}

export interface StoreTarget extends Common {
  readonly kind: 'store'
  readonly options: OpenOptions & StoreOptions & { readonly log: CommandLog }
}

export interface ServerTarget extends Common {
  readonly kind: 'server'
  /** The server's address, as it was given. */
  readonly url: string
}

/** How a command wants its configuration. */
export interface Wish {
  /** Go on following sources and other processes. */
  readonly follow?: boolean
  /** Ask for secrets in plain text. */
  readonly reveal?: boolean
  /** Rather give up than wait. */
  readonly isHasty?: boolean
}

/** Where a command works; nothing is opened yet. */
export async function readTarget(call: Call, known?: Project): Promise<Target> {
  const { flags, io } = call
  const project = known ?? (await findProject(io.cwd))
  const place = placeOf(flags, io, project)
  if (place.kind === 'store') return toStore(call, project, place)
  refuseStoreFlags(flags, place)
  return { kind: 'server', namespace: namespaceOf(flags, project), project, url: place.name }
}

/** The same for a command that cannot work on a server: `what` says in a clause what it does. */
export async function readStoreTarget(call: Call, what: string, known?: Project): Promise<StoreTarget> {
  const project = known ?? (await findProject(call.io.cwd))
  const place = placeOf(call.flags, call.io, project)
  return place.kind === 'store' ? toStore(call, project, place) : refuseServer(what, place)
}

async function toStore(
  { flags, io, print }: Call,
  project: Project | undefined,
  { name, said }: Place,
): Promise<StoreTarget> {
  const namespace = namespaceOf(flags, project)
  const spoken = project?.namespaces.get(namespace)
  const directory = project?.directory ?? io.cwd
  const log = new CommandLog(print)
  const options = defined({
    namespace,
    directory,
    store: storeAt(name, said === 'flag' || said === 'variable' ? io.cwd : directory),
    sources: (await sourcesOf(flags, io.cwd, directory)) ?? spoken?.sources,
    schema: here(flags.text('schema'), io.cwd, directory) ?? spoken?.schema,
    replaceSources: flags.has('replace-sources') || undefined,
    actor: flags.text('actor'),
    environment: io.env,
    follow: false,
    loadEnvironment: false,
    create: false,
  })
  return { kind: 'store', namespace, project, options: { ...options, log } }
}

/** `-n`, else the only namespace `holdfast.yaml` has, else `default`. */
function namespaceOf(flags: Flags, project: Project | undefined): string {
  const only = project?.namespaces.size === 1 ? project.namespaces.keys().next().value : undefined
  return checkNamespace(flags.text('namespace') ?? only ?? 'default')
}

/** What names a store, said where `base` is. */
export const storeAt = (store: string, base: string): string =>
  store === ':memory:' || store.includes('://') ? store : resolve(base, store)

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
