import type { Log } from '../engine/options.ts'
import type { ServiceOptions } from '../engine/service.ts'

/** How a server listens and what it allows; everything about the store is `ServiceOptions`. */
export interface ServeOptions extends ServiceOptions {
  /** `127.0.0.1` unless told otherwise. Another than a loopback address needs `tls` or `insecure`. */
  readonly host?: string
  /** 7420 unless told otherwise; 0 is any free one. */
  readonly port?: number
  /** A listening socket's file descriptor (systemd socket activation) instead of host and port. */
  readonly fd?: number
  /** PEM files, read again when they change. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string }
  /** Plain HTTP on an address that others reach, said aloud. */
  readonly insecure?: boolean
  /** Addresses or CIDR ranges of proxies whose `X-Forwarded-For` is believed. */
  readonly trustProxy?: readonly string[]
  /** Names a request's `Host` may say besides loopback ones and the address listened on; `['*']` is any. */
  readonly allowedHosts?: readonly string[]
  /** Bytes of a request's body; 4 MiB. */
  readonly requestBytes?: number
  /** Requests a minute of one token, and of one address without a valid token; 6,000 and 120. */
  readonly tokenRate?: number
  readonly addressRate?: number
  /** Event streams of one token, and of this process; 1,000 and 10,000. */
  readonly tokenWatchers?: number
  readonly watchers?: number
  /** Bytes that may wait for one watcher before it is dropped (it resumes); 1 MiB. */
  readonly watcherBytes?: number
  /** Seconds between heartbeats; 15. */
  readonly heartbeatSeconds?: number
  /** Seconds that a stop waits for requests to end; 10. */
  readonly drainSeconds?: number
  /** Called once with the first admin token of a store that has none. */
  readonly onFirstToken?: (text: string) => void
  /** Which requests have a line of the log: `all`, `changes` (all but reads that went well), `none`; `changes`. */
  readonly logRequests?: 'all' | 'changes' | 'none'
  readonly log?: Log
  /** Where the console's built pages are. @internal */
  readonly consoleDirectory?: string
}
