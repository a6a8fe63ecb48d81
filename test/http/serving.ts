import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Grant } from '../../src/model/principal.ts'
import { type ServeOptions, type Server, serve } from '../../src/server.ts'
import { ask, type RawAnswer } from './raw.ts'

/** A folder of its own for the test that asks, gone afterwards. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'holdfast-http-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

export const NS = '/api/v1/namespaces/default'

export interface Asked {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Another than the admin's; null: none. */
  readonly token?: string | null
}

export interface Answered extends RawAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: tests read all there is of it, and compare it
  readonly json: any
}

/** A server over a store in `directory`, asked as its admin unless told otherwise. */
export class Served {
  readonly server: Server
  readonly admin: string

  constructor(server: Server, admin: string) {
    this.server = server
    this.admin = admin
  }

  async ask(method: string, path: string, { body, headers = {}, token = this.admin }: Asked = {}): Promise<Answered> {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    const answer = await ask(this.server.port, {
      method,
      path,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(text !== undefined && { body: text }),
    })
    const isJson = /[/+]json(;|$)/.test(String(answer.headers['content-type'])) && answer.text !== ''
    return { ...answer, json: isJson && !answer.headers['content-encoding'] ? JSON.parse(answer.text) : undefined }
  }

  get(path: string, asked?: Asked): Promise<Answered> {
    return this.ask('GET', path, asked)
  }

  /** The text of a new token. */
  async token(name: string, grants: readonly Grant[]): Promise<string> {
    return (await this.ask('POST', '/api/v1/tokens', { body: { name, grants } })).json.text
  }

  /** Sets values of the default namespace and gives the version. */
  async set(set: object): Promise<number> {
    return (await this.ask('POST', `${NS}/changes`, { body: { set } })).json.version.id
  }
}

/** A server with an empty namespace `default`; closed after the test. */
export async function served(directory: string, options: ServeOptions = {}, admin = ''): Promise<Served> {
  let text = admin
  const server = await serve({
    directory,
    store: 'store.db',
    port: 0,
    tokenRate: 1e9,
    addressRate: 1e9,
    log: { info: () => undefined, warn: () => undefined },
    onFirstToken: (made) => {
      text = made
    },
    ...options,
  })
  onTestFinished(() => server.close())
  const found = new Served(server, text)
  if (admin === '') await found.ask('PUT', NS)
  return found
}
