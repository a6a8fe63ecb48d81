import type { ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { canonical } from '../model/canonical.ts'
import type { Config } from '../model/config.ts'
import type { Version } from '../model/version.ts'
import { CACHING, COMPRESSIBLE, JSON_TYPE } from './answer.ts'
import { codingFor, tagOf } from './conditions.ts'
import { SECURITY, TRANSPORT } from './requests.ts'

/** A namespace's whole configuration as JSON, secrets concealed, ready to be sent to all who may see the same of it. */
export interface ConfigView {
  readonly version: Version | undefined
  readonly etag: string
  readonly plain: Body
  /** Compressed bodies, once they are made. */
  readonly coded: { br?: Body; gzip?: Body }
  /** What does not change from answer to answer: name, value, name, value. */
  readonly headers: readonly string[]
}

/** A body in one coding, and the headers that tell of it. */
export interface Body {
  readonly bytes: Buffer
  readonly headers: readonly string[]
}

const toBody = (bytes: Buffer, coding?: string): Body => ({
  bytes,
  headers: ['content-length', String(bytes.length), ...(coding === undefined ? [] : ['content-encoding', coding])],
})

const MOST = 1000

/** One answer for each namespace and each set of sections that somebody may see, made again when the version has moved. */
export class ConfigViews {
  readonly #views = new Map<string, ConfigView>()
  readonly #standing: Readonly<Record<string, string>>

  constructor(isEncrypted: boolean) {
    this.#standing = { ...SECURITY, ...(isEncrypted && TRANSPORT) }
  }

  /** How many are kept. */
  get size(): number {
    return this.#views.size
  }

  /** What is made already for a version. */
  ready(namespace: string, reach: string, version: Version | undefined): ConfigView | undefined {
    const known = this.#views.get(keyOf(namespace, reach))
    return known?.version?.id === version?.id && known?.version?.hash === version?.hash ? known : undefined
  }

  /** `reach` is the key of what the caller may see: those who have the same get the same bytes. */
  of(config: Config, reach: { readonly key: string; readonly isWhole: boolean }): ConfigView {
    const known = this.ready(config.namespace, reach.key, config.version)
    if (known !== undefined) return known
    const key = keyOf(config.namespace, reach.key)
    const view = makeView(config, reach.isWhole, this.#standing)
    this.#views.delete(key)
    this.#views.set(key, view)
    if (this.#views.size > MOST) this.#views.delete(this.#views.keys().next().value!)
    return view
  }
}

const keyOf = (namespace: string, reach: string): string => `${namespace} ${reach}`

/** The tag is the version's hash, which covers all of it: of less than all it would tell that something else has changed. */
function makeView(config: Config, isWhole: boolean, standing: Readonly<Record<string, string>>): ConfigView {
  const { version } = config
  const body = bodyOf(config)
  const etag = (isWhole && hashTag(config)) || tagOf(body)
  const headers = {
    ...standing,
    ...CACHING,
    etag,
    'content-type': JSON_TYPE,
    ...(version !== undefined && { 'holdfast-version': String(version.id) }),
  }
  return { version, etag, plain: toBody(body), coded: {}, headers: Object.entries(headers).flat() }
}

const hashTag = ({ version }: Config): string | undefined => version && `"${version.hash}"`

/** The tag that a read of the whole configuration gives now to those who may see so much of it. */
export const tagFor = (config: Config, { isWhole }: { readonly isWhole: boolean }): string =>
  (isWhole && hashTag(config)) || tagOf(bodyOf(config))

const bodyOf = (config: Config): Buffer => Buffer.from(canonical(config.toJSON({ reveal: false })))

const [toGzip, toBrotli] = [promisify(gzip), promisify(brotliCompress)]

/** The view's body in a coding; compressed once, off this thread. */
export async function codedBody(view: ConfigView, coding: 'br' | 'gzip'): Promise<Body> {
  const { bytes } = view.plain
  view.coded[coding] ??= toBody(coding === 'gzip' ? await toGzip(bytes) : await toBrotli(bytes, QUICK), coding)
  return view.coded[coding]
}

const QUICK = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }

/** The coding that is worth it and that the client takes. */
export const codingOf = (view: ConfigView, header: string | undefined): 'br' | 'gzip' | undefined =>
  view.plain.bytes.length > COMPRESSIBLE ? codingFor(header) : undefined

/** Sends a view: its head and its bytes, or that they are known. */
export function writeView(response: ServerResponse, view: ConfigView, sent: Sent): void {
  const id = ['request-id', sent.requestId]
  if (sent.status === 304) response.writeHead(304, view.headers.concat(id)).end()
  else response.writeHead(200, view.headers.concat(id, sent.body.headers)).end(sent.body.bytes)
}

export interface Sent {
  readonly status: 200 | 304
  readonly body: Body
  readonly requestId: string
}
