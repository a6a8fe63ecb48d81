import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Action, connectAdmin, type Grant, type RemoteConfig } from '../../src/client.ts'
import type { ServeOptions } from '../../src/http/options.ts'
import { type Server, serve } from '../../src/server.ts'
import { BASE, SCHEMA } from '../contract/config-contract.ts'
import { ticking } from '../engine/helpers.ts'
import { connected, folder } from './helpers.ts'

export const BASE_FILE = 'base.ini'
const EVERYWHERE: readonly Action[] = ['config:read', 'config:write', 'secrets:read']

/** A real server on a store of its own, and what a test does with it. */
export class Served {
  readonly directory: string
  readonly #options: Partial<ServeOptions>
  readonly #now = ticking()
  #server: Server | undefined
  #port = 0
  admin = ''

  constructor(directory: string, options: Partial<ServeOptions>) {
    this.directory = directory
    this.#options = options
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Starts it, again on the same port. */
  async start(): Promise<void> {
    this.#server = await serve({
      directory: this.directory,
      store: 'store.db',
      namespaces: { default: { sources: [BASE_FILE], schema: SCHEMA } },
      environment: {},
      port: this.#port,
      trustProxy: ['127.0.0.1'],
      tokenRate: 1e9,
      addressRate: 1e9,
      drainSeconds: 1,
      now: this.#now,
      log: { info: () => undefined, warn: () => undefined },
      onFirstToken: (text) => {
        this.admin = text
      },
      ...this.#options,
    })
    this.#port = this.#server.port
  }

  async stop(): Promise<void> {
    await this.#server?.close()
    this.#server = undefined
  }

  /** The text of a new token. */
  async token(name: string, grants: readonly Grant[] = [{ actions: EVERYWHERE, namespaces: ['*'] }]): Promise<string> {
    await using admin = await connectAdmin({ url: this.url, token: this.admin })
    return (await admin.tokens.create({ name, grants })).text
  }

  /** The namespace as `name` has it, from another address where one is given. */
  async as(name: string, from?: string): Promise<RemoteConfig> {
    const token = await this.token(name)
    if (from === undefined) return connected({ url: this.url, token })
    const forwarded: typeof fetch = (url, init) =>
      fetch(url, { ...init, headers: { ...(init?.headers as Record<string, string>), 'x-forwarded-for': from } })
    return connected({ url: this.url, token, fetch: forwarded })
  }

  /** Replaces the base file, never leaving half of one to be seen. */
  writeBase(text: string): void {
    const file = join(this.directory, BASE_FILE)
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
}

/** A server with the contract's base and schema, stopped after the test. */
export async function served(options: Partial<ServeOptions> = {}): Promise<Served> {
  const made = new Served(folder(), options)
  made.writeBase(BASE)
  await made.start()
  onTestFinished(() => made.stop())
  return made
}
