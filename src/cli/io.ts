/** A stream the program writes to; `process.stdout` fits. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number | undefined
}

/** Everything outside the program that a command may touch, so that tests can run one in this process. */
export interface Io {
  readonly stdout: Output
  readonly stderr: Output
  readonly stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Aborts when the user interrupts or nobody reads any more; asking for it keeps an interrupt from ending the process at once. */
  interrupt(): AbortSignal
  /** Calls `listener` when the user asks to read again what changed (SIGHUP). Returns how to stop. */
  onReload(listener: () => void): () => void
  /** One line typed by a person, after `question` on standard error. */
  ask(question: string): Promise<string>
}
