import { HoldfastError } from '../model/errors.ts'
import { isTree } from '../model/value.ts'

/** The URL of a source as given, if it is https and holds no credentials; query and credentials never show in a refusal. */
export function readHref(value: unknown, what: string): string {
  if (typeof value !== 'string') refuse(what, `${what} is an https URL as text`)
  const found = URL.parse(value)
  if (found === null || /[\u0000-\u0020\u007f]/.test(value)) refuse(what, `${what} is not a URL: ${redacted(value)}`)
  if (found.protocol !== 'https:') {
    refuse(
      what,
      `${redacted(value)}: a source is read over https only, because anyone on the way could change what http brings`,
    )
  }
  if (found.username !== '' || found.password !== '') {
    refuse(
      what,
      `${redacted(value)}: no user name or password in a URL; send them as a header taken from an environment variable: headers: { authorization: { env: NAME } }`,
    )
  }
  return value
}

/** A URL as messages show it: without its query, where tokens may stand, its fragment and its credentials. */
export const shownUrl = (href: string | URL): string => {
  const found = URL.parse(href)
  return found === null ? redacted(String(href)) : `${found.protocol}//${found.host}${found.pathname}`
}

const redacted = (text: string): string => text.replace(/[?#].*$/s, '').replace(/^([^:]*:)?[/\\]*[^/\\]*@/, '$1//')

/** What frames a request is ours to say; the rest of a request's headers may come from the spec. */
const OURS =
  /^(host|connection|keep-alive|content-length|transfer-encoding|accept-encoding|if-.*|range|expect|upgrade|te|trailer|proxy-.*)$/

/** Request headers by lower-cased name, each with the environment variable its value is taken from. */
export function readHeaders(value: unknown, what: string): Readonly<Record<string, { readonly env: string }>> {
  if (!isTree(value)) refuse(what, `${what} is a mapping: { authorization: { env: NAME } }`)
  const headers = Object.entries(value).map(
    ([name, from]) => [name.toLowerCase(), readHeader(name, from, what)] as const,
  )
  const read = Object.fromEntries(headers)
  if (Object.keys(read).length < headers.length)
    refuse(what, `${what} has one name twice; names of headers do not differ by case`)
  return Object.freeze(read)
}

function readHeader(name: string, from: unknown, what: string): { readonly env: string } {
  const shown = JSON.stringify(name)
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/i.test(name)) refuse(what, `${what}: ${shown} is not the name of a header`)
  if (OURS.test(name.toLowerCase())) refuse(what, `${what}: ${shown} is set by Holdfast itself`)
  if (!isTree(from) || Object.keys(from).join() !== 'env') {
    refuse(
      what,
      `${what}: the value of ${shown} is taken from an environment variable and never written down: { env: NAME }`,
    )
  }
  const { env } = from
  if (typeof env === 'string' && /^[^=\s\u0000-\u001f]+$/.test(env)) return Object.freeze({ env })
  return refuse(what, `${what}: ${shown} wants the name of an environment variable: { env: NAME }`)
}

/** Exact host names in the spelling of a parsed URL, so that they can be compared with one. */
export function readHosts(value: unknown, what: string): readonly string[] {
  if (!Array.isArray(value)) refuse(what, `${what} is a list of host names`)
  return Object.freeze(value.map((host) => readHost(host, what)))
}

function readHost(value: unknown, what: string): string {
  const shown = JSON.stringify(value)
  if (typeof value !== 'string' || !/^[^\s/\\?#@*]+$/.test(value)) {
    refuse(what, `${what} has exact host names, without scheme, port, path or *; found ${shown}`)
  }
  const found = URL.parse(`https://${value}`) ?? URL.parse(`https://[${value}]`)
  if (found === null || found.port !== '') refuse(what, `${what} has exact host names, without a port; found ${shown}`)
  return hostOf(found)
}

/** The host of a parsed URL: lower case, ASCII, addresses in one spelling, without brackets and without a final dot. */
export const hostOf = (found: URL): string => found.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

function refuse(what: string, message: string): never {
  throw new HoldfastError('malformed', message, { what })
}
