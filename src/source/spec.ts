import { HoldfastError } from '../model/errors.ts'
import type { EnvSpec, FileSpec, InlineSpec, SourceSpec, UrlSpec } from '../model/layer.ts'
import { isTree, type Tree } from '../model/value.ts'
import { KINDS, nearest, specOf } from './fields.ts'

type OptionsOf<S extends SourceSpec, Given extends string> = Omit<S, 'kind' | Given>

/** A file as a source; `format` where its name does not tell. */
export const file = (path: string, options: OptionsOf<FileSpec, 'path'> = {}): FileSpec =>
  specOf('file', { ...options, path })

/**
 * Environment variables as a source: with `prefix: 'TACACS_'`, `TACACS_SERVER__PORT` is `server.port`. What follows the prefix is cut
 * at `__` and lower-cased; a single `_` stays part of a key.
 */
export const env = (options: Omit<EnvSpec, 'kind'>): EnvSpec => specOf('env', options)

/** An https URL as a source. */
export const url = (href: string, options: OptionsOf<UrlSpec, 'url'> = {}): UrlSpec =>
  specOf('url', { ...options, url: href })

/** Values given by the program itself. They are copied: what happens to `values` later changes nothing. */
export const inline = (
  name: string,
  values: Tree,
  options: OptionsOf<InlineSpec, 'name' | 'values'> = {},
): InlineSpec => specOf('inline', { ...options, name, values })

/** What a caller names as a source: a path, an https URL, `env:PREFIX_` (the name such a layer goes by), or a spec, which is checked. */
export function toSpec(input: string | SourceSpec): SourceSpec {
  if (typeof input === 'string') return fromText(input)
  if (!isTree(input) || !isKind(input['kind']))
    refuse(`a source is a path, an https URL, or made by file(), env(), url() or inline()`)
  const { kind, ...fields } = input
  return specOf(kind as SourceSpec['kind'], fields)
}

/** What `holdfast.yaml` says of one source: a path, an https URL, or a mapping of one of `file`, `env`, `url` and `inline`. */
export function parseSpec(input: unknown): SourceSpec {
  if (typeof input === 'string') return fromText(input)
  const says = `a source is a path, an https URL, or a mapping such as { env: { prefix: TACACS_ } }`
  if (!isTree(input))
    refuse(`${says}; found ${input === null ? 'nothing' : Array.isArray(input) ? 'a list' : `a ${typeof input}`}`)
  const kinds = Object.keys(input)
  const stranger = kinds.find((kind) => !isKind(kind))
  if (stranger !== undefined) refuse(`${says}; ${JSON.stringify(stranger)} is no kind of source${hint(stranger)}`)
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1)
    refuse(
      `${says}; found ${kinds.length === 0 ? 'an empty mapping' : kinds.join(' and ')}: one mapping for each source`,
    )
  return specOf(kind as SourceSpec['kind'], input[kind])
}

/** `spec` in the shortest form that `parseSpec` reads back as the same. */
export function printSpec(spec: SourceSpec): string | Tree {
  const { kind, ...fields } = spec
  const isAlone = Object.keys(fields).length === 1
  if (isAlone && kind === 'url') return spec.url
  if (isAlone && kind === 'file' && isPath(spec.path)) return spec.path
  return Object.freeze({ [kind]: fields as unknown as Tree })
}

const SCHEME = /^([a-z][a-z0-9+.-]+):\/\//i

const isPath = (text: string): boolean => !SCHEME.test(text) && !text.startsWith('env:')

function fromText(text: string): SourceSpec {
  if (text.startsWith('env:')) return env({ prefix: text.slice('env:'.length) })
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase()
  if (scheme === 'file') refuse('a file is named by its path, without file://')
  return scheme === undefined ? file(text) : url(text)
}

const isKind = (kind: unknown): kind is SourceSpec['kind'] => KINDS.some((known) => known === kind)

function hint(stranger: string): string {
  const near = nearest(stranger, KINDS)
  return near === undefined ? ` (${KINDS.join(', ')})` : `; did you mean ${near}?`
}

function refuse(message: string): never {
  throw new HoldfastError('malformed', message, { what: 'source' })
}
