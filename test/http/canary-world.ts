// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what a base file has
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, relative } from 'node:path'
import Database from 'better-sqlite3'
import type { Grant } from '../../src/model/principal.ts'
import { Workspace } from '../cli/harness.ts'
import { ServerProcess } from '../cli/server.ts'
import { asked, type Got, type Sent } from './canary-asking.ts'
import { type Canary, canary, Evidence } from './canary-traces.ts'

export const STEM = 'Tr0ub4dor&3-canary/€-'
export const NUMBER = 7319048261557

const SCHEMA = {
  type: 'object',
  properties: {
    vault: {
      type: 'object',
      additionalProperties: false,
      properties: {
        password: { type: 'string', writeOnly: true, minLength: 4, maxLength: 60 },
        pin: { type: 'integer', writeOnly: true },
        list: { type: 'array', writeOnly: true, maxItems: 3 },
        tree: { type: 'object', writeOnly: true },
        users: {
          type: 'array',
          items: { type: 'object', properties: { name: {}, token: { type: 'string', writeOnly: true } } },
        },
        based: { type: 'string', writeOnly: true },
        from_env: { type: 'string', writeOnly: true },
        ttl: { type: 'integer' },
      },
    },
    plain: {
      type: 'object',
      properties: { url: { type: 'string' }, note: { type: 'string' }, port: { type: 'integer', 'x-restart': true } },
    },
  },
}

const BASE = `vault:
  based: "${STEM}based"
  password: "${STEM}password-of-the-base"
  pin: ${NUMBER}
  ttl: 1
plain:
  url: "pg://u:\${vault.based}@\${plain.note}"
  note: host
  port: 1
`

const PROJECT = `store: data/store.db
namespaces:
  default:
    sources:
      - file: { path: base.yaml, interpolate: true }
      - env: { prefix: APP_ }
    schema: schema.json
schedules:
  nightly: { cron: '0 3 * * *', task: backup, keep: 3 }
  refresh: { cron: '0 4 * * *', task: refresh-sources }
  drift: { cron: '0 5 * * *', task: check-drift }
  old: { cron: '0 6 * * *', task: purge, olderThan: 9y }
  agreed: { cron: '0 7 * * *', task: snapshot, baseline: true }
`

/** What of the server's folder holds secrets in the clear, and is meant to. */
const ORIGINALS = /(^|\/)(holdfast\.key|base\.yaml|schema\.json|holdfast\.yaml)$/

/** A server as it is run, with secrets in every place that has some, and a book of all that it and others said. */
export class World {
  readonly workspace: Workspace
  readonly evidence = new Evidence()
  /** Of that, logs and files: where nothing is due to anybody. */
  readonly left = new Evidence()
  readonly canaries: Canary[] = [canary('the secret', STEM), canary('the number', String(NUMBER))]
  readonly deliveries: { readonly headers: string; readonly body: string }[] = []
  server!: ServerProcess
  admin = ''
  #receiver!: Server

  private constructor() {
    this.workspace = new Workspace({
      'base.yaml': BASE,
      'schema.json': JSON.stringify(SCHEMA),
      'holdfast.yaml': PROJECT,
    })
    mkdirSync(this.workspace.path('data'))
  }

  static async begin(): Promise<World> {
    const world = new World()
    world.#receiver = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => (body += text))
      request.on('end', () => {
        world.deliveries.push({ headers: JSON.stringify(request.rawHeaders), body })
        response.writeHead(204).end()
      })
    }).listen(0, '127.0.0.1')
    await once(world.#receiver, 'listening')
    await world.start()
    world.admin = world.keep('the first token', world.server.token!)
    return world
  }

  get hook(): string {
    return `http://localhost:${(this.#receiver.address() as AddressInfo).port}/hook`
  }

  get port(): number {
    return Number(new URL(this.server.url).port)
  }

  async start(): Promise<void> {
    const argv = ['--log-level', 'debug', '--log-format', 'json', '--webhook-hosts', 'localhost']
    const limits = ['--token-rate', '10000000', '--address-rate', '10000000', '--drain', '1s']
    this.server = await ServerProcess.start(this.workspace.root, [...argv, ...limits], {
      APP_VAULT__FROM_ENV: `${STEM}from-the-environment`,
      NODE_OPTIONS: '--unhandled-rejections=strict',
    })
  }

  /** Ends it, and keeps what it wrote and every byte that it left: nobody has a database open by now. */
  async end(signal: NodeJS.Signals): Promise<{ readonly err: string; readonly status: number }> {
    const { err, out, status } = await this.server.stop(signal)
    const files = this.files().map((file) => [`the file ${file}`, readFileSync(this.workspace.path(file))] as const)
    for (const [where, said] of [['standard error', err], ['standard output', out], ...files] as const) {
      this.evidence.hear(where, said, [this.admin])
      this.left.hear(where, said)
    }
    return { err, status }
  }

  files(): readonly string[] {
    const { root } = this.workspace
    const all = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => join(root, name))
    return all.filter((path) => statSync(path).isFile() && !ORIGINALS.test(path)).map((path) => relative(root, path))
  }

  /** The database as another connection copies it while it is used. */
  hearDatabase(): void {
    const copy = this.workspace.path(`copy-${randomBytes(4).toString('hex')}.db`)
    const db = new Database(this.workspace.path('data/store.db'), { readonly: true })
    db.prepare('VACUUM INTO ?').run(copy)
    db.close()
    this.evidence.hear('the database in use', readFileSync(copy))
  }

  /** From now on looked for everywhere. */
  keep(name: string, text: string): string {
    this.canaries.push(canary(name, text.startsWith('hf_') ? text.slice(14) : text))
    return text
  }

  /** Asks, and keeps every byte of the answer. */
  async ask(sent: Sent, headers: Readonly<Record<string, string>>, due: readonly string[] = []): Promise<Got> {
    const got = await asked(this.port, { ...sent, headers: { ...sent.headers, ...headers } })
    this.evidence.hear(`${sent.method} ${sent.path} → ${got.status}`, got.body, due)
    this.evidence.hear(`the head of ${sent.method} ${sent.path} → ${got.status}`, got.head, due)
    return got
  }

  /** The same with a token and a JSON body, which is to be answered as one expects. */
  async call<T>(token: string, method: string, path: string, body?: unknown): Promise<T> {
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    const sent = { method, path, ...(body !== undefined && { body: JSON.stringify(body) }) }
    const got = await asked(this.port, { ...sent, headers: { authorization: `Bearer ${token}`, ...json } })
    if (got.status >= 400) throw new Error(`${method} ${path}: ${got.status} ${got.text}`)
    const answer = (got.text === '' ? undefined : JSON.parse(got.text)) as T
    const { text, secret } = (answer ?? {}) as { text?: string; secret?: string }
    const due = [text, secret].flatMap((one) => (typeof one === 'string' ? [one] : []))
    for (const one of due) this.keep(`what ${path} gave`, one)
    this.evidence.hear(`${method} ${path}`, got.body, due)
    this.evidence.hear(`the head of ${method} ${path}`, got.head)
    return answer
  }

  async token(name: string, grants: readonly Grant[]): Promise<{ readonly id: string; readonly text: string }> {
    const made = { name, grants }
    const { token, text } = await this.call<{ token: { id: string }; text: string }>(
      this.admin,
      'POST',
      '/api/v1/tokens',
      made,
    )
    return { id: token.id, text }
  }

  /** Every trace of anything that should be nowhere. */
  found(): readonly string[] {
    const key = readFileSync(this.workspace.path('data/holdfast.key'), 'utf8').trim().split('\n').at(-1)!
    for (const { headers, body } of this.deliveries) this.evidence.hear('a delivery', headers + body)
    return this.evidence.find([...this.canaries, canary('the key', key)])
  }

  close(): void {
    this.#receiver.closeAllConnections()
    this.#receiver.close()
    this.workspace.remove()
  }
}
