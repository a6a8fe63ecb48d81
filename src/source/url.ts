import { hash, timingSafeEqual } from 'node:crypto'
import { decodeText } from '../format/decode.ts'
import type { FormatName } from '../format/format.ts'
import { formatOf, loadFormat } from '../format/load.ts'
import type { UrlSpec } from '../model/layer.ts'
import { systemLookup } from './addresses.ts'
import { refuseSource } from './refuse.ts'
import { repeat } from './repeat.ts'
import { type Answer, get } from './request.ts'
import type { Fingerprint, Loaded, Source, SourceOptions } from './source.ts'
import { shownUrl } from './url-fields.ts'

/** Configuration read over https. A watch of it is a refresh now and then. */
export function openUrl(spec: UrlSpec, options: SourceOptions): Pick<Source, 'load' | 'watch'> {
  let loading = 0
  return {
    load: async (previous) => {
      loading++
      return load(spec, options, previous).finally(() => loading--)
    },
    watch: (onChange) => repeat(spec.refreshMs ?? 60_000, () => loading === 0 && onChange()),
  }
}

async function load(spec: UrlSpec, options: SourceOptions, previous?: Fingerprint): Promise<Loaded | 'unchanged'> {
  const answer = await get({
    url: new URL(spec.url),
    headers: headersOf(spec, options.environment),
    conditions: (url) => (previous !== undefined && isUsable(previous, spec) ? conditions(previous, url) : {}),
    allowHosts: spec.allowHosts ?? [],
    timeoutMs: spec.timeoutMs ?? 10_000,
    limits: options.limits,
    lookup: options.lookup ?? systemLookup,
    tlsCa: options.tlsCa,
  })
  if (!answer.isModified) return 'unchanged'

  const digest = sha256(answer.body)
  if (spec.sha256 !== undefined) requirePin(spec, digest, spec.sha256)
  const name = toldFormat(spec) ?? answeredFormat(answer) ?? refuseFormat(spec)
  if (previous?.['sha256'] === digest && previous['format'] === name) return 'unchanged'

  const format = await loadFormat(name)
  const at = { file: shownUrl(spec.url), limits: options.limits }
  const { tree, positions } = format.parse(decodeText(answer.body, at), at)
  return {
    tree,
    isText: format.isText,
    positions,
    fingerprint: { format: name, sha256: digest, ...validators(answer) },
  }
}

const sha256 = (data: Uint8Array | string): string => hash('sha256', data, 'hex')

function headersOf(spec: UrlSpec, environment: SourceOptions['environment']): Readonly<Record<string, string>> {
  const headers = Object.entries(spec.headers ?? {}).map(([name, { env }]) => {
    const value = Object.hasOwn(environment, env) ? environment[env] : undefined
    const whose = `the environment variable ${env}, which gives its header ${name},`
    if (value === undefined || value === '') refuseSource(shownUrl(spec.url), `${whose} is not set`)
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
      refuseSource(shownUrl(spec.url), `${whose} holds a character (a line end?) that no header can`)
    return [name, value]
  })
  return Object.fromEntries(headers)
}

/** What was loaded before may answer for this spec only if the spec still asks for that body, read in that format. */
const isUsable = (previous: Fingerprint, spec: UrlSpec): boolean =>
  (spec.sha256 ?? previous['sha256']) === previous['sha256'] &&
  (toldFormat(spec) ?? previous['format']) === previous['format']

/** A validator means something only to the URL that gave it, which may have been redirected to. */
function conditions(previous: Fingerprint, url: URL): Readonly<Record<string, string>> {
  if (previous['from'] !== sha256(url.href)) return {}
  const { etag, lastModified } = previous
  return {
    ...(typeof etag === 'string' ? { 'if-none-match': etag } : {}),
    ...(typeof lastModified === 'string' ? { 'if-modified-since': lastModified } : {}),
  }
}

/** The URL is kept as a hash, because a signed one is a secret. A date is kept only if no second write can have fallen into its second. */
function validators({ url, headers }: Answer): Fingerprint {
  const { etag, date, 'last-modified': lastModified } = headers
  const isStrong = Date.parse(date ?? '') - Date.parse(lastModified ?? '') > 2000
  const found = {
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified !== undefined && isStrong ? { lastModified } : {}),
  }
  return Object.keys(found).length === 0 ? found : { ...found, from: sha256(url.href) }
}

function requirePin(spec: UrlSpec, found: string, pin: string): void {
  if (timingSafeEqual(Buffer.from(found), Buffer.from(pin))) return
  refuseSource(shownUrl(spec.url), `its body has the SHA-256 ${found}, and ${pin} is required (option sha256)`)
}

const toldFormat = (spec: UrlSpec): FormatName | undefined =>
  (spec.format as FormatName | undefined) ?? formatOf(new URL(spec.url).pathname)

const TYPES: readonly (readonly [RegExp, FormatName])[] = [
  [/[/+]json$/, 'json'],
  [/[/+](x-)?yaml$/, 'yaml'],
  [/\/toml$/, 'toml'],
  [/\/json5$/, 'json5'],
  [/\/x-java-properties$/, 'properties'],
]

function answeredFormat({ url, headers }: Answer): FormatName | undefined {
  const type = (headers['content-type'] ?? '').replace(/;.*$/s, '').trim().toLowerCase()
  return formatOf(url.pathname) ?? TYPES.find(([pattern]) => pattern.test(type))?.[1]
}

const refuseFormat = (spec: UrlSpec): never =>
  refuseSource(
    shownUrl(spec.url),
    'neither its path nor its content type tells its format; say it with the option format',
  )
