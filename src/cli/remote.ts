import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { connectAdmin } from '../client/admin.ts'
import { connect } from '../client/connect.ts'
import type { ServerOptions } from '../client/options.ts'
import type { Admin } from '../model/admin.ts'
import type { Config } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Call } from './command.ts'
import type { Io } from './io.ts'
import type { Printer } from './print.ts'
import { refuse } from './refuse.ts'
import type { ServerTarget, Wish } from './target.ts'

/** Milliseconds until a command gives up on a server that does not answer, and until completion does. */
const PATIENCE_MS = 5000
const HASTE_MS = 1000

/** A namespace of a server, opened for one command. */
export async function openRemote({ url, namespace }: ServerTarget, call: Call, wish: Wish): Promise<Config> {
  const { reveal = false, follow = false, isHasty = false } = wish
  const readyTimeoutMs = isHasty ? HASTE_MS : PATIENCE_MS
  const options = { ...serverOptions(url, call), namespace, reveal, follow, readyTimeoutMs }
  const config = await explained(connect({ ...options, instance: false }))
  warnOfStale(config, call.print)
  return config
}

function warnOfStale({ sources }: Config, print: Printer): void {
  for (const { name, state, error } of sources) {
    if (state === 'stale') print.warn(`${name} keeps its last good content: ${error}`)
  }
}

/** The whole store of a server, opened for one command. */
export const openRemoteAdmin = async ({ url }: ServerTarget, call: Call): Promise<Admin> =>
  explained(connectAdmin(serverOptions(url, call)))

/** How a command reaches a server. */
export function serverOptions(url: string, { flags, io, print }: Call): ServerOptions {
  const isOpen = flags.has('insecure') || /^(?:true|1|yes|on)$/i.test(io.env['HOLDFAST_INSECURE'] ?? '')
  const log = { warn: (_: object, message: string) => print.warn(message) }
  return { url, token: readToken(io), insecure: isOpen, log }
}

/** A refused address, in the words of the command line. */
async function explained<T>(opening: Promise<T>): Promise<T> {
  try {
    return await opening
  } catch (error) {
    if (!HoldfastError.is(error, 'malformed') || error.details.what !== 'url') throw error
    const message = error.message.replace('say insecure: true', 'say --insecure')
    throw new HoldfastError('malformed', message, error.details, { cause: error })
  }
}

/** A token comes from a variable or a file, never from a flag: the words of a command stand in lists of processes. */
function readToken({ env, cwd }: Pick<Io, 'env' | 'cwd'>): string {
  const { HOLDFAST_TOKEN, HOLDFAST_TOKEN_FILE } = env
  if (HOLDFAST_TOKEN && HOLDFAST_TOKEN_FILE)
    refuse('HOLDFAST_TOKEN and HOLDFAST_TOKEN_FILE are both set.', 'Set one of them.')
  if (HOLDFAST_TOKEN) return HOLDFAST_TOKEN.trim()
  if (HOLDFAST_TOKEN_FILE) return readTokenFile(resolve(cwd, HOLDFAST_TOKEN_FILE))
  const message = 'a server wants a token.\nSet HOLDFAST_TOKEN, or HOLDFAST_TOKEN_FILE to a file that holds it.'
  throw new HoldfastError('unauthenticated', message, { reason: 'missing' })
}

function readTokenFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return refuse(`HOLDFAST_TOKEN_FILE: ${file} cannot be read (${code}).`, 'Name a file that this user may read.')
  }
}
