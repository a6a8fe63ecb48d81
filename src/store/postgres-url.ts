import { storeName } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'

/** Where a PostgreSQL store is, as its URL says it. */
export interface PostgresTarget {
  /** As shown to people: without the password. */
  readonly name: string
  /** One URL for each host, as `pg` takes it. */
  readonly urls: readonly string[]
  /** The schema that all tables are in. */
  readonly schema: string
  /** Connections for reading, at most. */
  readonly pool: number
  /** Only a server that takes writes will do; true unless `target_session_attrs=any`. */
  readonly needsPrimary: boolean
}

const URL_FORM = /^(postgres(?:ql)?):\/\/([^@/?#]*@)?([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/

/**
 * Reads a connection URI as libpq does (PostgreSQL documentation, 34.1.1.2), several hosts included; `schema` (`holdfast`) and `pool` (10) are our
 * own, everything else is for the driver. Refuses (`malformed`) what it cannot read, without its password.
 */
export function parsePostgresUrl(text: string): PostgresTarget {
  const [, scheme, credentials = '', places = '', path = '', query = ''] = URL_FORM.exec(text) ?? []
  const name = storeName(text)
  if (scheme === undefined) throw malformed(name, 'this is no postgres:// URL')
  const parameters = new URLSearchParams(query)
  const take = (key: string): string | undefined => {
    const value = parameters.get(key) ?? undefined
    parameters.delete(key)
    return value
  }
  const schema = schemaOf(name, take('schema') ?? 'holdfast')
  const pool = Number(take('pool') ?? 10)
  if (!Number.isInteger(pool) || pool < 1 || pool > 1000) throw malformed(name, 'pool is a number from 1 to 1000')
  const attributes = take('target_session_attrs') ?? 'read-write'
  if (!ATTRIBUTES.includes(attributes)) {
    throw malformed(name, `target_session_attrs is ${ATTRIBUTES.join(' or ')}, for a store takes writes`)
  }
  const rest = parameters.size === 0 ? '' : `?${parameters}`
  const urls = places.split(',').map((place) => `${scheme}://${credentials}${place}${path}${rest}`)
  return { name, urls, schema, pool, needsPrimary: attributes !== 'any' }
}

const ATTRIBUTES = ['read-write', 'primary', 'any']

/** A schema's name goes into statements and names of channels as it is. */
function schemaOf(name: string, schema: string): string {
  if (/^[a-z_][a-z0-9_]{0,40}$/.test(schema)) return schema
  throw malformed(name, 'schema is a name of at most 41 small letters, digits and _')
}

const malformed = (name: string, text: string): HoldfastError =>
  new HoldfastError('malformed', `${name}: ${text}`, { what: 'store' })
