import type { Position } from '../model/errors.ts'
import type { SourceSpec } from '../model/layer.ts'
import type { Limits } from '../model/limits.ts'
import type { Tree } from '../model/value.ts'

/** What a source says now. */
export interface Loaded {
  readonly tree: Tree
  /** True where leaves are text whose type the schema (or a round trip) has yet to tell: INI, environment, dotenv, properties. */
  readonly isText: boolean
  readonly positions: ReadonlyMap<string, Position>
  /** Same fingerprint, same content: kept with the layer, handed back to the next `load`. */
  readonly fingerprint: Fingerprint
}

/** What lets a later load say "unchanged" cheaply: a file's times and size, a URL's validators, the SHA-256 of the bytes. */
export type Fingerprint = Readonly<Record<string, string | number>>

export interface Source {
  readonly spec: SourceSpec
  readonly name: string
  /** The source's content, or `'unchanged'` where `previous` still holds. Refuses with `syntax`, `source`, `malformed` or `too-large`. */
  load(previous?: Fingerprint): Promise<Loaded | 'unchanged'>
  /**
   * Calls `onChange` when the content may have changed, until the function returned is called. Absent where nothing can change.
   * A watch alone does not keep the process running.
   */
  watch?(onChange: () => void): () => Promise<void>
}

export interface SourceOptions {
  /** Relative paths are resolved here. */
  readonly directory: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly limits: Limits
  /** A certificate authority (PEM) that URLs may be signed by, besides those Node trusts. */
  readonly tlsCa?: string
  /** How a URL's host name becomes addresses; the system's resolver unless told otherwise. Its answers are checked all the same. */
  readonly lookup?: Lookup
}

export type Lookup = (host: string) => Promise<readonly Address[]>

export interface Address {
  readonly address: string
  readonly family: number
}
