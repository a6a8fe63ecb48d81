import type { Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Log } from '../engine/options.ts'
import { openService, type Service } from '../engine/service.ts'
import { HoldfastError } from '../model/errors.ts'
import { localPrincipal } from '../model/principal.ts'
import { makeApp } from './app.ts'
import { Certificate, endOf, readPem } from './certificate.ts'
import type { Context } from './context.ts'
import { checkListening, DEFAULT_HOST } from './hosts.ts'
import type { ServeOptions } from './options.ts'

/** A server that listens. */
export interface Server extends AsyncDisposable {
  /** Where a client of this machine reaches it. */
  readonly url: string
  readonly port: number
  /** Reads the certificate and all sources that this node loads again now; refuses a certificate that cannot be used, and the old one stays. */
  reload(): Promise<void>
  /** Takes no more requests, tells those who wait, lets those under way end for a while, and closes the store. */
  close(): Promise<void>
}

const DEFAULT_PORT = 7420
const DRAIN_SECONDS = 10
const SWEEP_MS = 50

const SILENT: Log = {
  info: () => undefined,
  warn: (details, message) => console.warn(`holdfast: ${message}`, details),
}

/** Opens a store and serves it over HTTP until closed. */
export async function serve(options: ServeOptions = {}): Promise<Server> {
  checkListening(options)
  const pem = options.tls && (await readPem(options.tls))
  const log = options.log ?? SILENT
  return serveService(await openService({ ...options, log }), options, pem)
}

/** Serves a service that is open, and is closed with the server. @internal */
export async function serveService(
  service: Service,
  options: ServeOptions,
  pem?: Awaited<ReturnType<typeof readPem>>,
): Promise<Server> {
  const { log = SILENT } = options
  const stopping = new AbortController()
  try {
    await tellFirstToken(service, options)
    const context: Omit<Context, 'polls'> = {
      service,
      options,
      log,
      now: options.now ?? (() => new Date()),
      stopping: stopping.signal,
      observers: [],
    }
    const app = makeApp(context, pem)
    await listen(app, options)
    const certificate = pem && follow(app, options.tls!, pem, log)
    return serverOf({ app, service, stopping, certificate, options })
  } catch (error) {
    stopping.abort()
    await service[Symbol.asyncDispose]()
    throw error
  }
}

async function tellFirstToken({ access }: Service, { onFirstToken }: ServeOptions): Promise<void> {
  if (onFirstToken === undefined) return // nobody could ever see it
  const text = await access.firstToken()
  if (text !== undefined) onFirstToken(text)
}

async function listen(
  app: FastifyInstance,
  { host = DEFAULT_HOST, port = DEFAULT_PORT, fd }: ServeOptions,
): Promise<void> {
  try {
    // The framework hands its options to Node as they are; its types know no descriptor.
    await app.listen((fd === undefined ? { host, port } : { fd, host: undefined }) as { host: string; port: number })
  } catch (error) {
    const where = fd === undefined ? `${host}:${port}` : `descriptor ${fd}`
    const message = `cannot listen on ${where}: ${(error as Error).message}`
    throw new HoldfastError('unavailable', message, { store: where, retry: false }, { cause: error })
  }
}

function follow(
  app: FastifyInstance,
  files: NonNullable<ServeOptions['tls']>,
  pem: Awaited<ReturnType<typeof readPem>>,
  log: Log,
) {
  const server = app.server as unknown as TlsServer
  const use = (next: typeof pem): void => {
    server.setSecureContext(next)
    log.info(
      { certificate: files.certFile, endsAt: new Date(endOf(next) * 1000).toISOString() },
      'a new certificate is in use',
    )
  }
  return new Certificate(files, pem, use, (error) => log.warn({ error: error.message }, 'the old certificate stays'))
}

interface Running {
  readonly app: FastifyInstance
  readonly service: Service
  readonly stopping: AbortController
  readonly certificate: Certificate | undefined
  readonly options: ServeOptions
}

function serverOf({ app, service, stopping, certificate, options }: Running): Server {
  const { port } = app.server.address() as AddressInfo
  let closing: Promise<void> | undefined

  async function stop(): Promise<void> {
    certificate?.close()
    stopping.abort()
    const late = setTimeout(() => app.server.closeAllConnections(), (options.drainSeconds ?? DRAIN_SECONDS) * 1000)
    // A connection whose last request ended after the stop began would stay open for another one.
    const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS)
    try {
      await app.close()
    } finally {
      clearTimeout(late)
      clearInterval(sweep)
      await service[Symbol.asyncDispose]()
    }
  }

  const close = (): Promise<void> => {
    closing ??= stop()
    return closing
  }
  return {
    url: urlOf(options, port),
    port,
    async reload() {
      await loadSources(service)
      await certificate?.look()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function loadSources(service: Service): Promise<void> {
  for (const { namespace, loads } of service.health()) {
    if (!loads) continue
    const config = await service.config(localPrincipal('reload'), namespace)
    await config.reload()
  }
}

/** An address that means every one is reached by the loopback one. */
function urlOf({ host = DEFAULT_HOST, tls }: ServeOptions, port: number): string {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${tls === undefined ? 'http' : 'https'}://${near.includes(':') ? `[${near}]` : near}:${port}`
}
