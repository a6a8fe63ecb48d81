/** Formats of ajv-formats that Holdfast takes. */
const NAMES: ReadonlySet<string> = new Set([
  'date',
  'time',
  'date-time',
  'iso-time',
  'iso-date-time',
  'duration',
  'uri',
  'uri-reference',
  'uri-template',
  'url',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'regex',
  'uuid',
  'json-pointer',
  'json-pointer-uri-fragment',
  'relative-json-pointer',
  'byte',
  'int32',
  'int64',
  'float',
  'double',
  'password',
  'binary',
])

export const isFormat = (name: string): boolean => NAMES.has(name)

/** Their expressions run on the built-in engine: texts longer than any real address are refused before they can be slow. */
const LONGEST: ReadonlyMap<string, number> = new Map([
  ['url', 2_048],
  ['email', 320],
  ['hostname', 254],
])

type Check = (text: string) => boolean

export interface FormatDefinition {
  readonly type: 'string' | 'number'
  readonly validate: Check | ((value: number) => boolean)
}

/** The checks, loaded with the validator. */
export async function loadFormats(): Promise<ReadonlyMap<string, FormatDefinition>> {
  const { fullFormats } = await import('ajv-formats/dist/formats.js')
  const found = Array.from(
    NAMES,
    (name) => [name, definitionOf(name, fullFormats[name as keyof typeof fullFormats])] as const,
  )
  return new Map(found)
}

function definitionOf(name: string, format: unknown): FormatDefinition {
  if (format === true) return { type: 'string', validate: () => true }
  if (format instanceof RegExp) return { type: 'string', validate: bounded(name, (text) => format.test(text)) }
  if (typeof format === 'function') return { type: 'string', validate: bounded(name, format as Check) }
  const { type, validate } = format as { type?: 'number'; validate: Check | RegExp }
  if (type === 'number') return { type, validate: validate as unknown as (value: number) => boolean }
  return definitionOf(name, validate)
}

function bounded(name: string, check: Check): Check {
  const longest = LONGEST.get(name)
  return longest === undefined ? check : (text) => text.length <= longest && check(text)
}
