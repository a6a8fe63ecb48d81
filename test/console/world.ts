import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { type ServeOptions, type Server, serve } from '../../src/server.ts'

const EXAMPLE = join(import.meta.dirname, '../../examples/tacacs')

export const NS = 'tacacs-prod'

interface Answer {
  readonly status: number
  readonly text: string
}

/** A server on the example's files, in a folder of its own, with one namespace and a few versions; asked as its admin. */
export class World implements AsyncDisposable {
  server: Server
  readonly token: string
  readonly #options: ServeOptions
  /** Where `tacacs.conf` is, to be edited. */
  readonly directory: string

  private constructor(server: Server, token: string, options: ServeOptions & { readonly directory: string }) {
    this.server = server
    this.token = token
    this.directory = options.directory
    this.#options = options
  }

  static async start(options: ServeOptions = {}): Promise<World> {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-console-'))
    cpSync(EXAMPLE, directory, { recursive: true })
    let token = ''
    const all = {
      directory,
      store: 'store.db',
      port: 0,
      namespaces: { [NS]: { sources: ['tacacs.conf'], schema: 'tacacs.schema.json' } },
      log: { info: () => undefined, warn: () => undefined },
      drainSeconds: 1,
      onFirstToken: (text: string) => {
        token = text
      },
      ...options,
    }
    const world = new World(await serve(all), token, all)
    await world.change({ set: { server: { port: 5050 } }, reason: 'port for the load balancer' })
    await world.call('PUT', `/api/v1/namespaces/${NS}/baseline`, { ref: 'latest' })
    await world.change({ set: { auth: { backends: 'local,ldap', cache_ttl: 300 } }, reason: 'the directory is up' })
    return world
  }

  /** Stops the server, does `between`, and starts it again at the same address. */
  async restart(between: () => Promise<void> = async () => undefined): Promise<void> {
    const { port } = this.server
    await this.server.close()
    await between()
    this.server = await serve({ ...this.#options, port })
  }

  get url(): string {
    return this.server.url
  }

  /** What the API answers; the test fails where it refuses. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read all there is of it, and compare it
  async call(method: string, path: string, body?: unknown): Promise<any> {
    const { status, text } = await this.#send(method, path, body === undefined ? undefined : JSON.stringify(body))
    expect(status, `${method} ${path}: ${text}`).toBeLessThan(300)
    return text === '' ? undefined : JSON.parse(text)
  }

  /** Past the platform's `fetch`, which takes no certificate of our own making. */
  #send(method: string, path: string, body: string | undefined): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const headers = {
      authorization: `Bearer ${this.token}`,
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    }
    const request = this.url.startsWith('https:') ? https.request : http.request
    const sent = request(this.url + path, { method, headers, rejectUnauthorized: false }, (response) => {
      void readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject)
    })
    sent.on('error', reject).end(body)
    return promise
  }

  /** Changes the namespace and gives what was made of it. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  change(request: object): Promise<any> {
    return this.call('POST', `/api/v1/namespaces/${NS}/changes`, request)
  }

  /** Opens `path` with a session that is begun already, by a blank page of the same origin: the browser has the cookie as the server gave it. */
  async signIn(page: Page, path = '/'): Promise<void> {
    const blank = `${this.url}/blank`
    await page.route(blank, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>blank' }))
    await page.goto(blank)
    const status = await page.evaluate(async (token) => {
      const headers = { 'content-type': 'application/json' }
      return (await fetch('/api/v1/session', { method: 'POST', headers, body: JSON.stringify({ token }) })).status
    }, this.token)
    expect(status).toBe(201)
    await page.goto(`${this.url}${path}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}
