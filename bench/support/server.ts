import { type ChildProcess, fork } from 'node:child_process'

/** A server in a process of its own, which tells its processor time and memory when asked. */
export interface Server extends Disposable {
  readonly port: number
  readonly token: string
  /** Milliseconds it took to open, where it told. */
  readonly openedMs: number
  /** Microseconds of processor time since it started. */
  cpu(): Promise<number>
  /** Bytes of memory it holds, after a collection. */
  memory(): Promise<number>
}

export type Question = 'cpu' | 'memory'

/** What such a process sends first. */
export interface Ready {
  readonly port: number
  readonly token: string
  readonly openedMs?: number
}

/** Starts `bench/support/<name>.ts` with `arguments_` and waits until it listens. */
export async function startServer(name: string, ...arguments_: readonly string[]): Promise<Server> {
  const file = new URL(`./${name}.ts`, import.meta.url)
  const child = fork(file, arguments_, { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const { port, token, openedMs = 0 } = (await answer(child)) as Ready
  const ask = async (question: Question): Promise<number> => {
    child.send(question)
    return (await answer(child)) as number
  }
  return {
    port,
    token,
    openedMs,
    cpu: () => ask('cpu'),
    memory: () => ask('memory'),
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`the server ended with ${code}`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message)
    })
  })
}

/** Says where this process listens, and from then on answers questions about it. */
export function tellParent(ready: Ready): void {
  process.on('message', (question: Question) => {
    if (question === 'memory') globalThis.gc?.()
    const { user, system } = process.cpuUsage()
    process.send!(question === 'cpu' ? user + system : process.memoryUsage.rss())
  })
  process.on('disconnect', () => process.exit())
  process.send!(ready)
}
