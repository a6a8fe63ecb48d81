import { checkAddress } from '../../client/address.ts'
import type { ServerOptions } from '../../client/options.ts'
import { PATHS, pathTo, type RouteName } from '../../wire/paths.ts'
import { fromProblem } from '../../wire/problem.ts'
import { type Answer, Connection } from './connection.ts'

export interface Asked {
  readonly in?: Readonly<Record<string, string>>
  /** The address after the `?`. */
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Asks one server over as many connections as there are lanes. Refusals are thrown as the server told them; a lost connection is `unavailable`. */
export class Asker {
  readonly #url: URL
  readonly #token: ServerOptions['token']
  readonly #connections = new Map<number, Connection>()

  constructor({ url, token, insecure }: ServerOptions, signal: AbortSignal) {
    this.#url = new URL(checkAddress(url, insecure === true))
    this.#token = token
    signal.addEventListener('abort', () => this.close())
  }

  /** The answer, if it is no refusal. */
  async ask(lane: number, name: RouteName, asked: Asked = {}): Promise<Answer> {
    const connection = this.#connections.get(lane) ?? new Connection(this.#url)
    this.#connections.set(lane, connection)
    const answer = await connection.ask(this.#text(name, asked))
    if (answer.status < 400) return answer
    throw fromProblem(answer.status, parsed(answer.text))
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close()
  }

  /** The bytes of a request, one a character. */
  #text(name: RouteName, { in: parameters, query, headers = {}, body }: Asked): string {
    const all = {
      host: this.#url.host,
      authorization: `Bearer ${this.#token}`,
      accept: 'application/json',
      ...headers,
      ...(body !== undefined && {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
      }),
    }
    const path =
      this.#url.pathname.replace(/\/$/, '') + pathTo(name, parameters) + (query === undefined ? '' : `?${query}`)
    const lines = Object.entries(all).map(([field, value]) => `${field}: ${value}\r\n`)
    return `${PATHS[name][0]} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${latin1(body ?? '')}`
  }
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the status tells enough
  }
}
