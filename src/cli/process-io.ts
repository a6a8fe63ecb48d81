import type { Io, Output } from './io.ts'

/** Through `import` these would load all they could ever offer: 3 ms each, a tenth of the whole start. */
const { fstatSync, statSync, writeSync } = process.getBuiltinModule('node:fs')

const STOPS = ['SIGINT', 'SIGTERM'] as const

/** The real terminal. Nobody reading any more (`| head`) ends the output quietly, never the work that is under way. */
export function processIo(): Io {
  let controller: AbortController | undefined
  const stopping = () => (controller ??= new AbortController())
  const stop = () => stopping().abort()
  /** A second signal is not for us: it ends the process at once. */
  const onSignal = () => {
    for (const signal of STOPS) process.removeListener(signal, onSignal)
    stop()
  }
  return {
    stdout: new FileOutput(1, () => process.stdout, stop),
    stderr: new FileOutput(2, () => process.stderr, stop),
    get stdin() {
      return process.stdin
    },
    env: process.env,
    cwd: process.cwd(),
    interrupt() {
      for (const signal of STOPS) process.on(signal, onSignal)
      return stopping().signal
    },
    onReload(listener) {
      process.on('SIGHUP', listener)
      return () => process.removeListener('SIGHUP', listener)
    },
    ask,
  }
}

/** Writes straight to a file or a pipe; Node's stream, which costs 3 ms to make, only where a terminal or a full pipe needs it. */
class FileOutput implements Output {
  readonly #fd: number
  readonly #makeStream: () => NodeJS.WriteStream
  readonly #onClosed: () => void
  #stream: NodeJS.WriteStream | undefined
  #isLookedAt = false
  #isClosed = false

  constructor(fd: number, makeStream: () => NodeJS.WriteStream, onClosed: () => void) {
    this.#fd = fd
    this.#makeStream = makeStream
    this.#onClosed = onClosed
  }

  get isTTY(): boolean {
    return this.#screen()?.isTTY === true
  }

  get columns(): number | undefined {
    return this.#screen()?.columns
  }

  write(text: string): void {
    if (this.#isClosed) return
    const stream = this.#screen()
    if (stream === undefined) this.#writeNow(Buffer.from(text))
    else stream.write(text)
  }

  #screen(): NodeJS.WriteStream | undefined {
    if (!this.#isLookedAt && isScreen(this.#fd)) this.#open()
    this.#isLookedAt = true
    return this.#stream
  }

  #writeNow(data: Uint8Array): void {
    let at = 0
    try {
      while (at < data.length) at += writeSync(this.#fd, data, at)
    } catch (error) {
      const isFull = (error as NodeJS.ErrnoException).code === 'EAGAIN'
      if (isFull) this.#open().write(data.subarray(at))
      else this.#fail(error as NodeJS.ErrnoException)
    }
  }

  #open(): NodeJS.WriteStream {
    this.#stream = this.#makeStream()
    this.#stream.on('error', (error: NodeJS.ErrnoException) => this.#fail(error))
    return this.#stream
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (error.code !== 'EPIPE') throw error
    this.#isClosed = true
    this.#onClosed()
  }
}

/** A terminal, or a device that may be one; not the null device, which is where people send what they do not want to see. */
function isScreen(fd: number): boolean {
  try {
    const found = fstatSync(fd)
    return found.isCharacterDevice() && found.rdev !== statSync('/dev/null', { throwIfNoEntry: false })?.rdev
  } catch {
    return true
  }
}

async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(question)
  } finally {
    lines.close()
  }
}
