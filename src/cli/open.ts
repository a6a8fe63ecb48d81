import type { AdminOptions } from '../engine/admin.ts'
import { openConfig } from '../engine/open.ts'
import type { OpenOptions, StoreOptions } from '../engine/options.ts'
import type { Admin } from '../model/admin.ts'
import type { Config } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Call } from './command.ts'
import { defined } from './flags.ts'
import type { Printer } from './print.ts'
import { readTarget, type StoreTarget, type Target, type Wish } from './target.ts'

/** The namespace's configuration, of a store or of a server, opened for one command. */
export async function openTarget(call: Call, wish: Wish = {}): Promise<Config> {
  const target = await readTarget(call)
  if (target.kind === 'server') return (await import('./remote.ts')).openRemote(target, call, wish)
  const { options } = target
  const { follow = false } = wish
  const config = await openConfig({ ...options, follow }).catch(refuseNoStore)
  if (config.version === undefined) await refuseUnknownNamespace(config, storeOptions(target))
  warnOfStale(config, target, call.print)
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

function warnOfStale({ sources }: Config, { options }: StoreTarget, print: Printer): void {
  for (const { name, state, error } of sources) {
    if (state === 'stale' && !options.log.hasNamed(name)) print.warn(`${name} keeps its last good content: ${error}`)
  }
}

/** The namespace's configuration as it is kept: nothing is loaded and no version is made, whatever the files say by now. */
export async function openAsStored(call: Call): Promise<Config> {
  const target = await readTarget(call)
  if (target.kind === 'server') return (await import('./remote.ts')).openRemote(target, call, { isHasty: true })
  const { sources: _, schema: __, ...stored } = target.options as OpenOptions
  return openConfig(stored)
}

/** In the words of the command line, where there is no store. */
export function refuseNoStore(error: unknown): never {
  const isMissing = HoldfastError.is(error, 'not-found') && error.message.startsWith('there is no store')
  if (!isMissing) throw error
  const mend = 'Run "holdfast init" to make one, or name another with --store.'
  throw new HoldfastError('not-found', `${error.message}\n${mend}`, error.details)
}

/** The store as a whole, here or on a server, opened for one command; `more` tells a store that is here what a server knows by itself. */
export async function openStore(
  call: Call,
  more: (target: StoreTarget) => Partial<AdminOptions> | Promise<Partial<AdminOptions>> = () => ({}),
): Promise<{ readonly admin: Admin; readonly target: Target }> {
  const target = await readTarget(call)
  if (target.kind === 'server')
    return { admin: await (await import('./remote.ts')).openRemoteAdmin(target, call), target }
  const { openAdmin } = await import('../engine/admin.ts')
  const actor = call.flags.text('actor')
  const options = { ...storeOptions(target), ...defined({ actor }), ...(await more(target)) }
  return { admin: await openAdmin(options).catch(refuseNoStore), target }
}

/** What concerns the store of a target, and no namespace. */
export function storeOptions({ options }: StoreTarget): StoreOptions {
  const { store, directory, environment, log, create } = options
  return defined({ store, directory, environment, log, create })
}
