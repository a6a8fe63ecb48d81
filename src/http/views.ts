import { isAscii } from 'node:buffer'
import type { ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { canonical } from '../model/canonical.ts'
import type { Config } from '../model/config.ts'
import type { Principal } from '../model/principal.ts'
import type { Version } from '../model/version.ts'
import { CACHING, COMPRESSIBLE, JSON_TYPE } from './answer.ts'
import { codingFor, tagOf } from './conditions.ts'
import { type Direct, toDirect } from './direct.ts'
import { SECURITY, TRANSPORT } from './requests.ts'

/** A namespace's whole configuration as JSON, secrets concealed, ready to be sent to all who may see the same of it. */
export interface ConfigView {
  /** As the store has it: for comparing, not for telling. */
  readonly version: Version | undefined
  readonly etag: string
  readonly plain: Body
  /** Compressed bodies, once they are made. */
  readonly coded: { br?: Body; gzip?: Body }
  /** The head of every answer with a body, whatever its coding; the last value, the request's id, is filled in for each. */
  readonly head: readonly string[]
  /** The head of an answer to who has it already: what he has says the rest. */
  readonly known: string[]
  readonly directlyKnown: Direct
}

/** A body in one coding, and the head of an answer with it. */
export interface Body {
  readonly bytes: Buffer
  /** The same where it is short plain text: Node sends a head and a string in one piece, a head and bytes in two. */
  readonly text: string | undefined
  readonly head: string[]
  /** The whole answer, where it is short plain text. */
  readonly direct: Direct | undefined
}

const ONE_PIECE = 16 * 1024

function toBody(bytes: Buffer, head: readonly string[], coding?: string): Body {
  const own = ['content-length', String(bytes.length), ...(coding === undefined ? [] : ['content-encoding', coding])]
  const text = bytes.length <= ONE_PIECE && isAscii(bytes) ? bytes.toString('latin1') : undefined
  const whole = [...own, ...head]
  return { bytes, text, head: whole, direct: text === undefined ? undefined : toDirect(200, whole, text) }
}

const MOST = 1000

/** One answer for each namespace and each set of sections that somebody may see, made again when the version has moved. */
export class ConfigViews {
  readonly #views = new Map<string, ConfigView>()
  /** By namespace, for its newest version: what was sent to whom. */
  readonly #recent = new Map<string, { readonly version: Version; readonly views: WeakMap<Principal, ConfigView> }>()
  readonly #standing: Readonly<Record<string, string>>

  constructor(isEncrypted: boolean) {
    this.#standing = { ...SECURITY, ...(isEncrypted && TRANSPORT) }
  }

  /** How many are kept. */
  get size(): number {
    return this.#views.size
  }

  /** What is made already for somebody: found by who they are while the version is the same, and else by what they may see. */
  readyFor(who: Principal, namespace: string, version: Version, reach: () => string): ConfigView | undefined {
    const recent = this.#recent.get(namespace)
    const known = recent?.version === version ? recent.views.get(who) : undefined
    if (known !== undefined) return known
    const view = this.ready(namespace, reach(), version)
    if (view === undefined) return undefined
    if (recent?.version === version) recent.views.set(who, view)
    else this.#recent.set(namespace, { version, views: new WeakMap([[who, view]]) })
    if (this.#recent.size > MOST) this.#recent.clear()
    return view
  }

  /** What is made already for a version. */
  ready(namespace: string, reach: string, version: Version | undefined): ConfigView | undefined {
    const known = this.#views.get(keyOf(namespace, reach))
    return known?.version?.id === version?.id && known?.version?.hash === version?.hash ? known : undefined
  }

  /**
   * `reach` is the key of what the caller may see: those who have the same get the same bytes. `current` is the version as the store has it, which
   * the caller may see otherwise.
   */
  of(config: Config, reach: { readonly key: string; readonly isWhole: boolean }, current = config.version): ConfigView {
    const version = current?.id === config.version?.id ? current : config.version // the namespace may be another by now
    const known = this.ready(config.namespace, reach.key, version)
    if (known !== undefined) return known
    const key = keyOf(config.namespace, reach.key)
    const view = { ...makeView(config, reach.isWhole, this.#standing), version }
    this.#views.delete(key)
    this.#views.set(key, view)
    if (this.#views.size > MOST) this.#views.delete(this.#views.keys().next().value!)
    return view
  }
}

const keyOf = (namespace: string, reach: string): string => `${namespace} ${reach}`

/** The tag is the version's hash, which covers all of it: of less than all it would tell that something else has changed. */
function makeView(
  config: Config,
  isWhole: boolean,
  standing: Readonly<Record<string, string>>,
): Omit<ConfigView, 'version'> {
  const { version } = config
  const body = bodyOf(config)
  const etag = (isWhole && hashTag(config)) || tagOf(body)
  const always = { ...CACHING, etag, ...(version !== undefined && { 'holdfast-version': String(version.id) }) }
  const head = ['content-type', JSON_TYPE, ...toHead({ ...standing, ...always })]
  const known = toHead(always)
  return { etag, plain: toBody(body, head), coded: {}, head, known, directlyKnown: toDirect(304, known, '') }
}

const toHead = (headers: Readonly<Record<string, string>>): string[] => [
  ...Object.entries(headers).flat(),
  'request-id',
  '',
]

const hashTag = ({ version }: Config): string | undefined => version && `"${version.hash}"`

/** The tag that a read of the whole configuration gives now to those who may see so much of it. */
export const tagFor = (config: Config, { isWhole }: { readonly isWhole: boolean }): string =>
  (isWhole && hashTag(config)) || tagOf(bodyOf(config))

const bodyOf = (config: Config): Buffer => Buffer.from(canonical(config.toJSON({ reveal: false })))

const [toGzip, toBrotli] = [promisify(gzip), promisify(brotliCompress)]

/** The view's body in a coding; compressed once, off this thread. */
export async function codedBody(view: ConfigView, coding: 'br' | 'gzip'): Promise<Body> {
  const { bytes } = view.plain
  view.coded[coding] ??= toBody(
    coding === 'gzip' ? await toGzip(bytes) : await toBrotli(bytes, QUICK),
    view.head,
    coding,
  )
  return view.coded[coding]
}

const QUICK = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }

/** The coding that is worth it and that the client takes. */
export const codingOf = (view: ConfigView, header: string | undefined): 'br' | 'gzip' | undefined =>
  view.plain.bytes.length > COMPRESSIBLE ? codingFor(header) : undefined

/** Sends a view: its head and its bytes, or that they are known. */
export function writeView(response: ServerResponse, view: ConfigView, sent: Sent): void {
  const { bytes, text, head: own } = sent.body
  const head = sent.status === 304 ? view.known : own
  head[head.length - 1] = sent.requestId // written out by Node before it returns
  response.writeHead(sent.status, head)
  if (sent.status === 304) response.end()
  else if (text === undefined) response.end(bytes)
  else response.end(text, 'latin1')
}

export interface Sent {
  readonly status: 200 | 304
  readonly body: Body
  readonly requestId: string
}
