import { readFileSync, writeFileSync } from 'node:fs'
import { loadFormat } from '../format/load.ts'
import type { SourceSpec } from '../model/layer.ts'
import { LIMITS } from '../model/limits.ts'
import type { Tree, Value } from '../model/value.ts'
import { printSpec } from '../source/spec.ts'
import { refuse } from './refuse.ts'

export interface NamespaceSettings {
  readonly sources: readonly (string | SourceSpec)[]
  readonly schema: string | undefined
}

/** A new `holdfast.yaml`, in the plain YAML that is read without loading a parser. */
export function printProject(store: string, namespace: string, { sources, schema }: NamespaceSettings): string {
  return [
    '# What this project keeps in Holdfast; every holdfast command here and below reads it.',
    `store: ${scalar(store)}`,
    'namespaces:',
    `  ${namespaceKey(namespace)}:`,
    ...(sources.length === 0 ? [] : ['    sources:', ...sources.map((source) => `      - ${inline(specOf(source))}`)]),
    ...(schema === undefined ? [] : [`    schema: ${scalar(schema)}`]),
    ...(sources.length === 0 && schema === undefined ? ['    sources: []'] : []),
    '',
  ].join('\n')
}

/** Adds a namespace to the file that is there, leaving the rest of it as it is. */
export async function withNamespace(
  file: string,
  namespace: string,
  { sources, schema }: NamespaceSettings,
): Promise<void> {
  const { edit } = await loadFormat('yaml')
  if (edit === undefined)
    return refuse(`${file} cannot be edited in place.`, `Add the namespace ${namespace} to it by hand.`)
  const value: Tree = { sources: sources.map(specOf), ...(schema !== undefined && { schema }) }
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, edit(text, [{ path: ['namespaces', namespace], value }], { file, limits: LIMITS }))
}

const specOf = (source: string | SourceSpec): Value => (typeof source === 'string' ? source : printSpec(source))

const namespaceKey = (name: string): string =>
  /^[a-z][a-z0-9._-]*$/.test(name) && !SPECIAL.test(name) ? name : JSON.stringify(name)

const SPECIAL = /^(?:null|true|false|yes|no|on|off|y|n)$/i

function scalar(value: Value): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  const isPlain =
    /^(?:[A-Za-z_/]|\.{1,2}\/)[A-Za-z0-9_./:@+-]*$/.test(value) && !value.endsWith(':') && !SPECIAL.test(value)
  return isPlain ? value : JSON.stringify(value)
}

function inline(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  if (typeof value !== 'object' || value === null) return scalar(value)
  const entries = Object.entries(value as Tree)
  return `{ ${entries.map(([key, item]) => `${scalar(key)}: ${inline(item)}`).join(', ')} }`
}
