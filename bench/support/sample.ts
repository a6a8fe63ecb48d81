import type { Tree } from '../../src/index.ts'

/** Sections by name, each with its keys: what an INI file says. */
export type Sections = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>

const NAMES = [
  'server', 'listener', 'tls', 'auth', 'ldap', 'radius', 'accounting', 'authorization', 'logging', 'audit',
  'cache', 'limits', 'session', 'cluster', 'database', 'metrics', 'health', 'proxy', 'retention', 'backup',
] // biome-ignore format: a list of words
const KEYS = [
  'port',
  'host',
  'timeout_ms',
  'enabled',
  'workers',
  'level',
  'path',
  'max_entries',
  'ttl',
  'mode',
  'retries',
  'prefix',
]
const TEXTS = [
  '10.20.30.40',
  '/var/lib/service/state',
  'cn=reader,ou=services,dc=example,dc=net',
  'INFO',
  'strict',
  'eu-west',
]

/** A configuration of so many sections, each of about so many bytes. The same one every time. */
export function sample({ sections, bytes }: { readonly sections: number; readonly bytes: number }): Sections {
  return Object.fromEntries(
    Array.from({ length: sections }, (_, i) => [i < NAMES.length ? NAMES[i]! : `upstream-${i}`, section(i, bytes)]),
  )
}

function section(seed: number, bytes: number): Readonly<Record<string, string | number | boolean>> {
  const keys: Record<string, string | number | boolean> = {}
  let size = 2
  for (let i = 0; size < bytes || i < 2; i++) {
    const key = i < KEYS.length ? KEYS[i]! : `${KEYS[i % KEYS.length]}_${Math.floor(i / KEYS.length)}`
    keys[key] = valueAt(seed * 31 + i, i)
    size += key.length + String(keys[key]).length + 5
  }
  return keys
}

function valueAt(seed: number, i: number): string | number | boolean {
  if (i % KEYS.length === 0 || i % 4 === 2) return 1000 + (seed % 9000)
  if (i % 4 === 3) return seed % 2 === 0
  return TEXTS[seed % TEXTS.length]!
}

/** The configuration as an INI file. */
export function toIni(sections: Sections): string {
  return Object.entries(sections)
    .map(
      ([name, keys]) =>
        `[${name}]\n${Object.entries(keys)
          .map(([key, value]) => `${key} = ${value}\n`)
          .join('')}`,
    )
    .join('\n')
}

export const SMALL = { sections: 20, bytes: 250 }
export const LARGE = { sections: 200, bytes: 5000 }

/** A closed schema of it, each key with its type. */
export function schemaOf(sections: Sections) {
  const object = <V>(tree: Readonly<Record<string, V>>, each: (value: V) => Tree): Tree => ({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, each(value)])),
  })
  return object(sections, (keys) => object(keys, typeOf))
}

function typeOf(value: string | number | boolean): Tree {
  if (typeof value === 'string') return { type: 'string', minLength: 1, maxLength: 200 }
  return typeof value === 'number' ? { type: 'integer', minimum: 0, maximum: 1_000_000_000 } : { type: 'boolean' }
}

/** Bytes of a section's canonical text, on average. */
export function sectionBytes(sections: Sections): number {
  const sizes = Object.values(sections).map((keys) => Buffer.byteLength(JSON.stringify(keys)))
  return sizes.reduce((sum, size) => sum + size, 0) / sizes.length
}
