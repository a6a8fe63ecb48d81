import { isIP } from 'node:net'
import { HoldfastError } from '../model/errors.ts'
import { WEBHOOK_KINDS, type WebhookKind, type WebhookRequest } from '../model/webhook.ts'
import { isGlobal } from '../source/addresses.ts'
import { hostOf, shownUrl } from '../source/url-fields.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/
const NAMESPACE_PATTERN = /^(\*|[a-z0-9][a-z0-9._-]{0,62}\*?)$/
const LONGEST_URL = 2048
const MOST_PATTERNS = 100
const KNOWN = ['name', 'url', 'namespaces', 'sections', 'kinds', 'isEnabled']

/** What a caller says of a webhook, checked field by field; only fields that are there are in the result. Refuses `malformed`. */
export function readWebhookRequest(value: unknown, allowHosts: readonly string[]): Partial<WebhookRequest> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    refuse('webhook', 'a webhook is an object: { name, url }')
  const given = value as Readonly<Record<string, unknown>>
  const unknown = Object.keys(given).find((key) => !KNOWN.includes(key))
  if (unknown !== undefined)
    refuse(
      'webhook',
      `a webhook has no field ${JSON.stringify(unknown.slice(0, 64))}; its fields are ${KNOWN.join(', ')}`,
    )
  const has = (key: keyof WebhookRequest): boolean => Object.hasOwn(given, key) && given[key] !== undefined
  return {
    ...(has('name') && { name: readName(given['name']) }),
    ...(has('url') && { url: readUrl(given['url'], allowHosts) }),
    ...(has('namespaces') && { namespaces: readNamespacePatterns(given['namespaces'], 'namespaces') }),
    ...(has('sections') && { sections: readSectionPatterns(given['sections']) }),
    ...(has('kinds') && { kinds: readKinds(given['kinds']) }),
    ...(has('isEnabled') && { isEnabled: readBoolean(given['isEnabled']) }),
  }
}

function readName(value: unknown): string {
  if (typeof value === 'string' && NAME.test(value)) return value
  return refuse('name', 'a name is 1 to 63 letters, digits, . _ @ and -, and begins with a letter or digit')
}

/** An https URL, or http where the settings name its host; never with credentials, and never to a private address nobody allowed. */
function readUrl(value: unknown, allowHosts: readonly string[]): string {
  if (typeof value !== 'string' || value.length > LONGEST_URL || /[\u0000-\u0020\u007f]/.test(value))
    refuse('url', `url is an https URL as text, ${LONGEST_URL} characters at most, without spaces`)
  const found = URL.parse(value)
  if (found === null || !/^https?:$/.test(found.protocol)) refuse('url', 'url is not an https URL')
  const shown = shownUrl(found)
  if (found.username !== '' || found.password !== '')
    refuse('url', `${shown}: no user name or password in a webhook's URL; messages are signed instead`)
  if (found.hash !== '') refuse('url', `${shown}: a part after # never reaches the receiver; leave it out`)
  requireAllowed(found, allowHosts)
  return found.href
}

/** Names are checked again, by their addresses, each time something is sent. */
function requireAllowed(found: URL, allowHosts: readonly string[]): void {
  const host = hostOf(found)
  if (allowHosts.includes(host)) return
  const mend = `if it is meant, name it in the server's settings: webhookHosts: [${host}]`
  if (found.protocol !== 'https:')
    refuse(
      'url',
      `${shownUrl(found)}: messages are sent over https, because anyone on the way could read http; ${mend}`,
    )
  if (isIP(host) !== 0 && !isGlobal(host)) refuse('url', `${shownUrl(found)}: ${host} is not a public address; ${mend}`)
}

/** Patterns of namespaces: a name, the beginning of names followed by `*`, or `*`. */
export function readNamespacePatterns(value: unknown, what: string): readonly string[] {
  return readList(value, what, (one) => {
    if (typeof one === 'string' && NAMESPACE_PATTERN.test(one)) return one
    return refuse(what, `${what} has names of namespaces, or their beginning and *: tacacs-prod, tacacs-*, *`)
  })
}

function readSectionPatterns(value: unknown): readonly string[] {
  return readList(value, 'sections', (one) => {
    if (typeof one === 'string' && one.length <= 255 && !/[\u0000-\u001f\u007f]/.test(one)) return one
    return refuse('sections', 'sections has names of sections, or their beginning and *: server, auth*')
  })
}

function readKinds(value: unknown): readonly WebhookKind[] {
  return readList(value, 'kinds', (one) => {
    const kind = WEBHOOK_KINDS.find((known) => known === one)
    return kind ?? refuse('kinds', `kinds has some of ${WEBHOOK_KINDS.join(', ')}`)
  })
}

function readList<T>(value: unknown, what: string, read: (one: unknown) => T): readonly T[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_PATTERNS)
    return refuse(what, `${what} is a list of 1 to ${MOST_PATTERNS}; leave it out for all of them`)
  return Object.freeze([...new Set(value.map(read))])
}

function readBoolean(value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse('isEnabled', 'isEnabled is true or false')
}

function refuse(what: string, message: string): never {
  throw new HoldfastError('malformed', message, { what })
}
