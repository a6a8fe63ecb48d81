import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { HoldfastError } from '../model/errors.ts'
import type { ServeOptions } from './options.ts'

export const DEFAULT_HOST = '127.0.0.1'

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)

/** Refuses to listen where others could read along, unless somebody said aloud that they may. */
export function checkListening({ host = DEFAULT_HOST, tls, insecure, fd }: ServeOptions): void {
  if (tls !== undefined || insecure === true || fd !== undefined || isLoopback(host)) return
  throw new HoldfastError(
    'malformed',
    `${host} can be reached by others: give a certificate (--tls-cert, --tls-key), or say --insecure where something else encrypts`,
    { what: 'host' },
  )
}

/**
 * Tells whether a request's `Host` is one this server goes by. A page from elsewhere whose name was pointed at this address after it was loaded (DNS
 * rebinding) has its own name there. Where the server is reached by others its names are not known here: any is right unless some are given.
 */
export function hostCheck({
  host = DEFAULT_HOST,
  allowedHosts,
}: ServeOptions): (header: string | undefined) => boolean {
  const isOpen = allowedHosts?.includes('*') ?? (!isLoopback(host) && isIP(host) !== 0)
  if (isOpen) return (header) => header !== undefined
  const bound = isIP(host) === 6 ? `[${host}]` : host
  const names = new Set([...LOOPBACK, bound, ...(allowedHosts ?? [])].map((name) => name.toLowerCase()))
  let known: string | undefined
  return (header) => {
    if (header === undefined) return false
    if (header === known) return true
    const isOurs = names.has(nameIn(header))
    if (isOurs) known = header // nearly all clients say the same
    return isOurs
  }
}

const nameIn = (header: string): string => header.replace(/:\d{1,5}$/, '').toLowerCase()

/** The `Host` of a request; undefined where it says none, or more than one (RFC 9112, 3.2): two who read it could take it for two hosts. */
export function hostOf({ headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): string | undefined {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count === 1 ? headers.host : undefined
}

/** The refusal of another `Host`. */
export function refuseHost(): never {
  throw new HoldfastError(
    'malformed',
    'this server does not go by the name in Host; names besides localhost are given with --allowed-hosts',
    { what: 'Host' },
  )
}
