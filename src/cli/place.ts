import type { Flags } from './flags.ts'
import type { Io } from './io.ts'
import type { Project } from './project.ts'
import { refuse } from './refuse.ts'

/** Where a command works: on a store, or on a server that has one. `said` is how the user said so. */
export interface Place {
  readonly kind: 'store' | 'server'
  /** A path or an address. */
  readonly name: string
  readonly said: 'flag' | 'variable' | 'file' | 'default'
}

const DEFAULT_STORE = 'data/config_overrides.db'

type Said = Readonly<Record<Place['kind'], string | undefined>>

/** A flag beats a variable, which beats `holdfast.yaml`; a store and a server said in the same way are one too many. */
export function placeOf(flags: Flags, { env }: Pick<Io, 'env'>, project: Project | undefined): Place {
  const [store, server] = [flags.text('store'), flags.text('server')]
  if (store === '') refuse('--store names no file.', 'Write --store data/config_overrides.db.')
  if (server === '') refuse('--server names no address.', 'Write --server https://config.example.com.')
  return (
    oneOf('flag', { store, server }, '--store and --server') ??
    oneOf('variable', fromVariables(env), 'HOLDFAST_STORE and HOLDFAST_SERVER') ??
    oneOf('file', { store: project?.store, server: project?.server }, 'store and server') ?? {
      kind: 'store',
      name: DEFAULT_STORE,
      said: 'default',
    }
  )
}

/** An empty variable says nothing. */
const fromVariables = ({ HOLDFAST_STORE, HOLDFAST_SERVER }: Io['env']): Said => ({
  store: HOLDFAST_STORE || undefined,
  server: HOLDFAST_SERVER || undefined,
})

function oneOf(said: Place['said'], { store, server }: Said, both: string): Place | undefined {
  if (store !== undefined && server !== undefined)
    refuse(`${both} are both given.`, 'A command works on a store or on a server: give one of them.')
  if (store !== undefined) return { kind: 'store', name: store, said }
  return server === undefined ? undefined : { kind: 'server', name: server, said }
}

const STORE_ONLY: Readonly<Record<string, string>> = {
  source: 'sources are loaded by the server',
  schema: 'the schema is set where the server runs',
  'replace-sources': 'sources are loaded by the server',
  actor: 'who does it is told by the token',
}

/** Refuses flags that only mean something where the store is at hand. */
export function refuseStoreFlags(flags: Flags, place: Place): void {
  const flag = Object.keys(STORE_ONLY).find((name) => flags.has(name))
  if (flag === undefined) return
  refuse(`--${flag} works on a store only, and this is a server: ${STORE_ONLY[flag]}.`, mendOf(place))
}

/** Refuses a command that only works on a store. */
export function refuseServer(what: string, place: Place): never {
  return refuse(`${what}, and this is a server (${place.name}).`, mendOf(place))
}

function mendOf({ said }: Place): string {
  if (said === 'flag') return 'Leave out one of the two.'
  const where = said === 'variable' ? 'HOLDFAST_SERVER' : 'holdfast.yaml'
  return `The server is named by ${where}; --store FILE works on a store instead.`
}
