import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort } from '../ports.ts'

const SCRIPT = fileURLToPath(new URL('./children/server.ts', import.meta.url))

/** A server in a process of its own, on one port through all its lives. */
export class ServerProcess {
  readonly directory: string
  readonly port: number
  readonly url: string
  token = ''
  stderr = ''
  #child: ChildProcess | undefined
  readonly #options: object

  private constructor(directory: string, port: number, options: object) {
    this.directory = directory
    this.port = port
    this.url = `http://127.0.0.1:${port}`
    this.#options = options
  }

  /** Starts one in `directory` and keeps the token that its first start shows. */
  static async start(directory: string, options: object = {}): Promise<ServerProcess> {
    const server = new ServerProcess(directory, await freePort(), options)
    await server.start()
    return server
  }

  get pid(): number {
    return this.#child!.pid!
  }

  async start(): Promise<void> {
    const env = { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' }
    const args = [SCRIPT, this.directory, String(this.port), JSON.stringify(this.#options)]
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    const lines = createInterface({ input: child.stdout })
    for await (const line of lines) {
      const [word, value = ''] = line.split(' ')
      if (word === 'token') this.token = value
      if (word === 'listening') return
    }
    throw new Error(`the server did not start: ${this.stderr}`)
  }

  /** Ends it as a power cut would, and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child!
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  /** Ends it as a service manager would; tells its exit status. */
  async stop(): Promise<number | null> {
    await this.kill('SIGTERM')
    return this.#child!.exitCode
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, ...(init.headers as Record<string, string>) }
    return fetch(`${this.url}${path}`, { ...init, headers })
  }

  post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const type = { 'content-type': 'application/json' }
    return this.fetch(path, { method: 'POST', body: JSON.stringify(body), headers: { ...type, ...headers } })
  }
}
