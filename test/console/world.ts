import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Grant } from '../../src/model/principal.ts'
import { type ServeOptions, type Server, serve } from '../../src/server.ts'
import { steadyPort } from '../ports.ts'

const EXAMPLE = join(import.meta.dirname, '../../examples/tacacs')

export const NS = 'tacacs-prod'

/** One address of each kind that the console has. */
export const PAGES = ['/', `/namespaces/${NS}`, `/namespaces/${NS}/versions`, '/administration/tokens']

interface Answer {
  readonly status: number
  readonly text: string
}

/** A server on the example's files, in a folder of its own, with one namespace and a few versions; asked as its admin. */
export class World implements AsyncDisposable {
  /** Where `tacacs.conf` is, to be edited. */
  readonly directory = mkdtempSync(join(tmpdir(), 'holdfast-console-'))
  /** May do everything. */
  token = ''
  readonly #options: ServeOptions
  #server: Server | undefined

  private constructor(options: ServeOptions) {
    this.#options = options
  }

  static async start(options: ServeOptions = {}): Promise<World> {
    const world = new World({ port: await steadyPort(), ...options })
    cpSync(EXAMPLE, world.directory, { recursive: true })
    await world.resume()
    await world.change({ set: { server: { port: 5050 } }, reason: 'port for the load balancer' })
    await world.call('PUT', `/api/v1/namespaces/${NS}/baseline`, { ref: 'latest' })
    await world.change({ set: { auth: { backends: 'local,ldap', cache_ttl: 300 } }, reason: 'the directory is up' })
    return world
  }

  /** Serves the store, again where it was stopped: at the same address. */
  async resume(): Promise<void> {
    this.#server = await serve({
      directory: this.directory,
      store: 'store.db',
      namespaces: { [NS]: { sources: ['tacacs.conf'], schema: 'tacacs.schema.json' } },
      log: { info: () => undefined, warn: () => undefined },
      drainSeconds: 1,
      onFirstToken: (text) => {
        this.token = text
      },
      ...this.#options,
    })
  }

  /** Ends the server; the store and its address stay. */
  async stop(): Promise<void> {
    await this.#server?.close()
  }

  get server(): Server {
    return this.#server!
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

  /** The text of a new token. */
  async tokenOf(name: string, grants: readonly Grant[]): Promise<string> {
    return (await this.call('POST', '/api/v1/tokens', { name, grants })).text
  }

  /**
   * Opens `path` with a session that is begun already, the admin's unless told otherwise. A blank page of the same origin begins it, so that the
   * browser has the cookie as the server gave it.
   */
  async signIn(page: Page, path = '/', token = this.token): Promise<void> {
    const blank = `${this.url}/blank`
    await page.route(blank, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>blank' }))
    await page.goto(blank)
    const status = await page.evaluate(async (text) => {
      const headers = { 'content-type': 'application/json' }
      return (await fetch('/api/v1/session', { method: 'POST', headers, body: JSON.stringify({ token: text }) })).status
    }, token)
    expect(status).toBe(201)
    await page.goto(`${this.url}${path}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }
}
