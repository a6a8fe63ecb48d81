import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Config } from '../model/config.ts'

/** Where warnings go; `console` and a `pino` logger fit. */
export interface ClientLog {
  warn(details: object, message: string): void
}

/** How to reach a server. */
export interface ServerOptions {
  /** `https://…`, or `http:` to this machine; a path in it is where the server's addresses begin. */
  readonly url: string
  /** `hf_…`, or a function that gives one: it is asked for each request, so a token can be renewed while the client runs. */
  readonly token: string | (() => string | Promise<string>)
  /** Plain `http:` to another machine, said aloud: the token can then be read on the way. */
  readonly insecure?: boolean
  /** Instead of the platform's. */
  readonly fetch?: typeof globalThis.fetch
  readonly log?: ClientLog
  /** Ends the connection, also while it is being made. */
  readonly signal?: AbortSignal
  /** Milliseconds for one request; 30,000. */
  readonly requestTimeoutMs?: number
  /** Bytes of one answer, or characters of one event; 64 MiB. */
  readonly responseBytes?: number
}

export interface ConnectOptions<T = unknown> extends ServerOptions {
  /** `default` unless told otherwise. */
  readonly namespace?: string
  /**
   * Where the last good configuration is kept, to start from when the server is away (Node only). With secrets revealed it holds them as plain
   * text: it is made with mode 0600, and belongs where only the service can read.
   */
  readonly cacheFile?: string
  /** A Standard Schema (zod, valibot, arktype, …): values are checked by its code too, and typed by it. */
  readonly schema?: StandardSchemaV1<unknown, T>
  /** Milliseconds to become ready; 10,000. */
  readonly readyTimeoutMs?: number
  /** What this process calls itself where instances are listed; `false` lists it nowhere. */
  readonly instance?: { readonly id?: string; readonly host?: string } | false
  /** Ask for secrets in plain text; true where the token may read them. */
  readonly reveal?: boolean
  /** Follow the server while open; true. A command that runs once says false. */
  readonly follow?: boolean
  /** Milliseconds without a byte after which a stream counts as dead; 45,000, three heartbeats. */
  readonly watchdogMs?: number
}

/** A `Config` that lives on a server. */
export interface RemoteConfig<T = unknown> extends Config<T> {
  /** `stale`: the server, or the store behind it, does not answer now, and reads give what was last known. */
  readonly connection: 'live' | 'stale'
}

export const SILENT: ClientLog = { warn: () => undefined }
