import { randomBytes } from 'node:crypto'
import { type Dirent, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HoldfastError } from '../model/errors.ts'
import type { Answer } from './answer.ts'
import { codingFor, tagOf } from './conditions.ts'

/** Where the build puts the pages: `dist/console`, seen from `src` and from `dist` alike. */
export const CONSOLE_FOLDER = fileURLToPath(new URL('../../dist/console', import.meta.url))

/** Where the document takes its nonce in. */
const HEAD = '<head>'

/** For pages and their files alike: nobody else's page may embed them, or hold on to their window. */
const APART = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const

/** A file's name is made of its content, so that what was fetched once is never asked for again. */
const FOR_EVER = { ...APART, 'cache-control': 'public, max-age=31536000, immutable', vary: 'Accept-Encoding' } as const

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  json: 'application/json; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
}

interface Asset {
  readonly type: string
  readonly plain: Form
  readonly br: Form | undefined
  readonly gzip: Form | undefined
}

/** A body as it is sent; each has a tag of its own (RFC 9110, 8.8.3). */
interface Form {
  readonly bytes: Buffer
  readonly etag: string
}

/**
 * The console's pages, read once when the server starts: a name in an address is looked up among the files that were there, and never leads to
 * the disk. Without them, the server says so and does all else.
 */
export class Console {
  readonly #document: string | undefined
  readonly #assets: ReadonlyMap<string, Asset>

  constructor(folder = CONSOLE_FOLDER) {
    this.#document = readDocument(folder)
    this.#assets = readAssets(join(folder, 'assets'))
  }

  /** The document, the same for every address. It has a nonce of its own, so it cannot be kept. */
  page(): Answer {
    if (this.#document === undefined)
      throw new HoldfastError(
        'not-found',
        'this server has no console: its package was built without dist/console, which npm run build makes. The API is there: see /docs',
        { what: 'console' },
      )
    const nonce = randomBytes(18).toString('base64')
    return {
      text: this.#document.replace(HEAD, `${HEAD}\n    <meta name="csp-nonce" content="${nonce}" />`),
      type: 'text/html; charset=utf-8',
      headers: { ...APART, 'cache-control': 'no-cache', 'content-security-policy': policy(nonce) },
    }
  }

  /** One file by its exact name, in the coding that suits the client. */
  asset(name: string, acceptEncoding: string | undefined): Answer {
    const asset = this.#assets.get(name)
    if (asset === undefined)
      throw new HoldfastError('not-found', `the console has no file ${JSON.stringify(name)}`, { what: 'asset' })
    const best = codingFor(acceptEncoding)
    const coding = best && asset[best] && best
    const { bytes, etag } = (coding && asset[coding]) ?? asset.plain
    return { text: bytes, coding, type: asset.type, headers: FOR_EVER, etag }
  }
}

/**
 * Scripts, styles, images and requests of this server only, and nothing inline. The editor of texts makes style elements while it runs: those
 * show the nonce, which it reads in the document.
 */
const policy = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

function readDocument(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'index.html'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function readAssets(folder: string): ReadonlyMap<string, Asset> {
  const names = filesIn(folder)
  const read = (name: string): Form | undefined => (names.includes(name) ? toForm(join(folder, name)) : undefined)
  const toAsset = (name: string): Asset => ({
    type: TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
    plain: toForm(join(folder, name)),
    br: read(`${name}.br`),
    gzip: read(`${name}.gz`),
  })
  return new Map(names.filter((name) => !/\.(?:br|gz)$/.test(name)).map((name) => [name, toAsset(name)]))
}

function toForm(file: string): Form {
  const bytes = readFileSync(file)
  return { bytes, etag: tagOf(bytes) }
}

function filesIn(folder: string): readonly string[] {
  let entries: readonly Dirent[] = []
  try {
    entries = readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}
