import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { SourceSpec } from '../model/layer.ts'
import type { Limits } from '../model/limits.ts'
import type { Tree } from '../model/value.ts'

/** Where warnings go; a `pino` logger fits. */
export interface Log {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

export interface StoreOptions {
  /** A path or `':memory:'`; `data/config_overrides.db` unless told otherwise. */
  readonly store?: string
  /** Relative paths (store, sources, schema) are resolved here; the working directory unless told otherwise. */
  readonly directory?: string
  /** Milliseconds to wait for a lock that another process holds before a write is refused as `unavailable`; 30,000. */
  readonly lockTimeoutMs?: number
  /** Writes, and reads the past, on threads of their own: for a server, whose event loop must not wait for a disk. */
  readonly threads?: boolean
  /** False refuses (`not-found`) instead of making a store that is not there yet. */
  readonly create?: boolean
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly log?: Log
  /** The clock, for tests. */
  readonly now?: () => Date
}

/** A JSON Schema 2020-12 (path or object) or a Standard Schema (zod, valibot, arktype, …). */
export type SchemaInput<T = unknown> = string | Tree | StandardSchemaV1<unknown, T>

export interface OpenOptions<T = unknown> extends StoreOptions {
  /** `default` unless told otherwise. */
  readonly namespace?: string
  /** Lowest precedence first: a path, an `https:` URL, or what `file`, `env`, `url`, `inline` return. Absent: what the store has. */
  readonly sources?: readonly (string | SourceSpec)[]
  /** Takes `sources` as the new list where it differs from the store's. */
  readonly replaceSources?: boolean
  readonly schema?: SchemaInput<T>
  /** Who changes are by unless a call says otherwise; the operating-system user. */
  readonly actor?: string
  /** Follow sources and other processes while open; true. A command that runs once says false. */
  readonly follow?: boolean
  /** Load `env` sources from this process's environment; true. A command that is not the service says false. */
  readonly loadEnvironment?: boolean
  readonly limits?: Partial<Limits>
}
