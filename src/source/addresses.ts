import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { codeOf, refuseSource } from './refuse.ts'
import type { Address, Lookup } from './source.ts'
import { hostOf, shownUrl } from './url-fields.ts'

/**
 * Every address of the URL's host, each checked: the connection may go to one of these and to nothing else, because a second look-up
 * could answer otherwise. One private address among public ones refuses them all.
 */
export async function addressesOf(
  url: URL,
  /** `setting` is where people name hosts that are allowed all the same. */
  options: { allowHosts: readonly string[]; lookup: Lookup; setting?: string },
): Promise<readonly Address[]> {
  const host = hostOf(url)
  const addresses = isIP(host) === 0 ? await resolve(url, options.lookup) : [{ address: host, family: isIP(host) }]
  if (options.allowHosts.includes(host)) return addresses
  const local = addresses.find(({ address }) => !isGlobal(address))
  if (local === undefined) return addresses
  return refuseSource(
    shownUrl(url),
    `${host === local.address ? host : `${host} leads to ${local.address}, which`} is not a public address; if it is meant, name it: ${options.setting ?? 'allowHosts'}: [${host}]`,
  )
}

/** A look-up for a connection that answers with what was checked before, and asks nobody again. */
export const pinned =
  (addresses: readonly Address[]): LookupFunction =>
  (_host, how, answer) =>
    how.all === true ? answer(null, [...addresses]) : answer(null, addresses[0]!.address, addresses[0]!.family)

/** The system's resolver, as browsers and `curl` use it: the hosts file counts. */
export const systemLookup: Lookup = async (host) => {
  const { lookup } = await import('node:dns/promises')
  return lookup(host, { all: true })
}

async function resolve(url: URL, lookup: Lookup): Promise<readonly Address[]> {
  const found = await lookup(hostOf(url)).catch((error) =>
    refuseSource(shownUrl(url), `the name ${hostOf(url)} does not resolve (${codeOf(error)})`, error),
  )
  if (found.length === 0) refuseSource(shownUrl(url), `the name ${hostOf(url)} has no address`)
  return found
}

/** True for a global unicast address, also where it stands for an IPv4 address that is one (`::ffff:0:0/96`, NAT64 `64:ff9b::/96`). */
export function isGlobal(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const found = ipaddr.process(address)
  if (found.kind() === 'ipv4') return found.range() === 'unicast'
  const { parts } = found as ipaddr.IPv6
  if (found.match(NAT64))
    return new ipaddr.IPv4(parts.slice(6).flatMap((part) => [part >> 8, part & 255])).range() === 'unicast'
  return found.range() === 'unicast' && found.match(GLOBAL)
}

const NAT64 = ipaddr.parseCIDR('64:ff9b::/96')

/** All that IANA has given out for global unicast; what is outside is special or unassigned. */
const GLOBAL = ipaddr.parseCIDR('2000::/3')
