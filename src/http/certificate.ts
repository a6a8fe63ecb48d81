import { createPrivateKey, X509Certificate } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createSecureContext } from 'node:tls'
import { HoldfastError } from '../model/errors.ts'
import type { ServeOptions } from './options.ts'

export interface Pem {
  readonly key: Buffer
  readonly cert: Buffer
  readonly minVersion: 'TLSv1.2'
}

type Files = NonNullable<ServeOptions['tls']>

/** Reads a certificate and its key; refuses what is not there, or does not belong together. */
export async function readPem({ certFile, keyFile }: Files): Promise<Pem> {
  try {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)])
    const pem: Pem = { cert, key, minVersion: 'TLSv1.2' }
    createSecureContext(pem)
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
      throw new Error('they do not belong together')
    return pem
  } catch (error) {
    const message = `the certificate ${certFile} and its key ${keyFile} cannot be used: ${(error as Error).message}`
    throw new HoldfastError('source', message, { source: certFile }, { cause: error })
  }
}

/** When a certificate ends, in seconds since 1970. */
export const endOf = ({ cert }: Pem): number => new X509Certificate(cert).validToDate.getTime() / 1000

/** How long after a change of a folder its files are looked at: whoever renews a certificate writes two of them. */
const SETTLE_MS = 250
/** Where changes are not told of (some network file systems), and so that a broken pair is complained of once and not for ever. */
const LOOK_MS = 30_000

/** Follows the files of a certificate, and hands over what is new in them. A pair that cannot be used changes nothing. */
export class Certificate {
  readonly #files: Files
  readonly #use: (pem: Pem) => void
  readonly #onError: (error: Error) => void
  readonly #watchers: readonly FSWatcher[]
  readonly #timer: NodeJS.Timeout
  #settling: NodeJS.Timeout | undefined
  #known: Pem
  #complaint = ''

  constructor(files: Files, known: Pem, use: (pem: Pem) => void, onError: (error: Error) => void) {
    this.#files = files
    this.#known = known
    this.#use = use
    this.#onError = onError
    this.#timer = setInterval(() => void this.#lookQuietly(), LOOK_MS).unref()
    this.#watchers = [...new Set([files.certFile, files.keyFile].map((file) => dirname(file)))].flatMap((folder) =>
      this.#follow(folder),
    )
  }

  get pem(): Pem {
    return this.#known
  }

  /** The folder, not the file: renewal replaces files, or the link that they are reached through. */
  #follow(folder: string): readonly FSWatcher[] {
    try {
      const watcher = watch(folder, { persistent: false }, () => {
        clearTimeout(this.#settling)
        this.#settling = setTimeout(() => void this.#lookQuietly(), SETTLE_MS).unref()
      })
      return [watcher.on('error', () => watcher.close())]
    } catch {
      return [] // the timer looks
    }
  }

  async #lookQuietly(): Promise<void> {
    try {
      await this.look()
      this.#complaint = ''
    } catch (error) {
      const { message } = error as Error
      if (message !== this.#complaint) this.#onError(error as Error)
      this.#complaint = message
    }
  }

  /** Takes what the files hold now; what cannot be used is refused, and the old one stays. */
  async look(): Promise<void> {
    const found = await readPem(this.#files)
    if (found.cert.equals(this.#known.cert) && found.key.equals(this.#known.key)) return
    this.#known = found
    this.#use(found)
  }

  close(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#settling)
    for (const watcher of this.#watchers) watcher.close()
  }
}
