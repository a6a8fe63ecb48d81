import type { Option } from '../command.ts'
import { choice, duration, integer, type Kind, list, path, size, text, toggle } from './kinds.ts'

/** One setting of a server. Its flag is its name, its variable and its key in the file are made of that. */
export interface Setting<T> extends Kind<T> {
  /** What holds where nobody says anything, as one would write it; `''`: nothing. */
  readonly usual: string
  readonly summary: string
  /** A flag of every command, so that `serve` does not declare it again. */
  readonly isGlobal?: boolean
}

const say = <T>(kind: Kind<T>, usual: string, summary: string): Setting<T> => ({ ...kind, usual, summary })

const KIB = 1024
const GIB = 1024 ** 3

/** Every setting of `holdfast serve`: parsing, help, refusals and the table in docs/SERVER.md are made of this. */
export const SETTINGS = {
  host: say(text('ADDRESS'), '127.0.0.1', 'address to listen on; other than loopback needs TLS or --insecure'),
  port: say(integer('PORT', 0, 65_535), '7420', 'port to listen on; 0 is any free one'),
  'tls-cert': say(path('FILE'), '', 'certificate chain, PEM; read again when it changes'),
  'tls-key': say(path('FILE'), '', 'its private key, PEM'),
  insecure: { ...say(toggle, 'false', 'plain HTTP on an address that others reach'), isGlobal: true },
  'trust-proxy': say(list('CIDR'), '', 'proxies whose X-Forwarded-For is believed: addresses or ranges'),
  'allowed-hosts': say(list('NAME'), '', 'names that a Host header may say besides the address; * is any'),
  'request-bytes': say(size(KIB, GIB), '4MiB', "a request's body at most"),
  'token-rate': say(integer('N', 1, 10_000_000), '6000', 'requests a minute of one token'),
  'address-rate': say(integer('N', 1, 10_000_000), '120', 'requests a minute of one address without a valid token'),
  watchers: say(integer('N', 1, 1_000_000), '10000', 'event streams at once'),
  'token-watchers': say(integer('N', 1, 1_000_000), '1000', 'event streams of one token'),
  'watcher-bytes': say(size(16 * KIB, GIB), '1MiB', 'what may wait for a slow watcher before it is dropped'),
  heartbeat: say(duration('1s', '10min'), '15s', 'time between heartbeats of an event stream'),
  drain: say(duration('0s', '1h'), '10s', 'how long a stop waits for requests under way'),
  'backup-directory': say(path('FOLDER'), '', 'where backups go; "backups" beside the store unless said'),
  'webhook-hosts': say(list('NAME'), '', 'hosts webhooks may reach though private or not https'),
  'lock-timeout': say(duration('1s', '10min'), '30s', 'how long a write waits for a lock of another process'),
  'value-bytes': say(size(16, GIB), '256KiB', 'one value at most'),
  'source-bytes': say(size(KIB, GIB), '16MiB', 'one source at most'),
  depth: say(integer('N', 1, 1000), '32', 'nesting of objects and lists at most'),
  'key-length': say(integer('N', 1, 10_000), '255', 'one segment of a path at most, in characters'),
  operations: say(integer('N', 1, 1_000_000), '10000', 'operations in one change at most'),
  'log-level': say(choice(['debug', 'info', 'warn', 'error', 'silent']), 'info', 'the least that is logged'),
  'log-requests': say(
    choice(['all', 'changes', 'none']),
    'changes',
    'requests that are logged; changes leaves out good reads',
  ),
  'log-format': say(choice(['json', 'text']), '', 'JSON Lines or lines for people; text where a terminal shows it'),
} satisfies Readonly<Record<string, Setting<unknown>>>

export type SettingName = keyof typeof SETTINGS
type ValueOf<S> = S extends Setting<infer T> ? T : never

/** What holds for each setting; `undefined` where nobody said anything and nothing is usual. */
export type Settings = { readonly [N in SettingName]: ValueOf<(typeof SETTINGS)[N]> | undefined }

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[]

/** `HOLDFAST_TLS_CERT`. */
export const variableOf = (name: SettingName): string => `HOLDFAST_${name.replaceAll('-', '_').toUpperCase()}`

/** `tlsCert`, below `serve:` in holdfast.yaml. */
export const keyOf = (name: SettingName): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

export const settingOf = (name: SettingName): Setting<unknown> => SETTINGS[name]

/** The flags of `holdfast serve`. */
export const SETTING_OPTIONS: readonly Option[] = SETTING_NAMES.flatMap((name) => {
  const { placeholder, isMany, choices, summary, usual, isGlobal } = settingOf(name)
  if (isGlobal) return []
  const told = placeholder === undefined || usual === '' ? summary : `${summary} (${usual})`
  return [
    {
      name,
      summary: told,
      ...(placeholder !== undefined && { value: placeholder }),
      ...(isMany && { isMany }),
      ...(choices && { choices }),
    },
  ]
})
