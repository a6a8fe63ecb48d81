import type { ChildProcess } from 'node:child_process'
import { finish, start } from './harness.ts'

/** `holdfast serve` in a process of its own. */
export class ServerProcess {
  readonly url: string
  /** The first admin token; `undefined` where the store had one already. */
  readonly token: string | undefined
  readonly child: ChildProcess
  readonly #ended: ReturnType<typeof finish>

  private constructor(child: ChildProcess, ended: ReturnType<typeof finish>, said: string) {
    this.child = child
    this.#ended = ended
    this.url = listening(said)!
    this.token = /^\s*(hf_\S+)\s*$/m.exec(said)?.[1]
  }

  /** Starts it in `folder` on a free port, and waits until it says that it listens. */
  static async start(
    folder: string,
    argv: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<ServerProcess> {
    return ServerProcess.of(start(['serve', '--port', '0', ...argv], folder, env))
  }

  /** The same for a process that was started in another way. */
  static async of(child: ChildProcess): Promise<ServerProcess> {
    const ended = finish(child)
    let said = ''
    const isUp = new Promise<void>((up) => {
      child.stderr?.on('data', (chunk) => {
        said += String(chunk)
        if (listening(said) !== undefined) up()
      })
    })
    const early = ended.then(({ status, err }) => {
      throw new Error(`serve ended with ${status}: ${err}`)
    })
    await Promise.race([isUp, early])
    return new ServerProcess(child, ended, said)
  }

  /** How commands reach it. */
  get env(): Readonly<Record<string, string>> {
    return { HOLDFAST_SERVER: this.url, HOLDFAST_TOKEN: this.token ?? '' }
  }

  /** Asks it to end, and tells how it did and all that it said. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): ReturnType<typeof finish> {
    this.child.kill(signal)
    return this.#ended
  }
}

/** The address in the log line that tells it. */
function listening(said: string): string | undefined {
  for (const line of said.split('\n').slice(0, -1)) {
    if (!line.startsWith('{')) continue
    const { url } = JSON.parse(line) as { readonly url?: string }
    if (url !== undefined) return url
  }
  return undefined
}

/** Waits for a word in the log. */
export function said(server: ServerProcess, word: string): Promise<void> {
  return new Promise((done) => server.child.stderr?.on('data', (chunk) => String(chunk).includes(word) && done()))
}
