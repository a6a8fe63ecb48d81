import type { Node } from './nodes.ts'
import type { State, WriteOutcome } from './operations.ts'
import type { Recorder } from './recorder.ts'
import { pause } from './until.ts'

/** The section that all operations are about. */
export const SECTION = 'register'

/** How long one request may take before its caller asks elsewhere: shorter than what is paused stays so. */
const PATIENCE_MS = 3000
const BETWEEN_MS = 25

interface Answer {
  readonly status: number
  readonly version: number
  // biome-ignore lint/suspicious/noExplicitAny: tests read all there is of it
  readonly json: any
}

export interface WriteOptions {
  readonly ifVersion?: number
  /** Asks once and without a key, so that a lost answer stays unknown. */
  readonly isOnce?: boolean
}

/** A client that begins at one node, goes to the next one where that does not answer, and has all that it does recorded. */
export class Caller {
  readonly #name: string
  readonly #nodes: readonly Node[]
  readonly #recorder: Recorder
  #at: number
  #count = 0

  constructor(
    name: string,
    nodes: readonly Node[],
    { recorder, at }: { readonly recorder: Recorder; readonly at: number },
  ) {
    this.#name = name
    this.#nodes = nodes
    this.#recorder = recorder
    this.#at = at
  }

  /** Writes a value that nobody else writes, again and again under one key until its outcome is known or `end` comes. */
  async write(key: string, end: AbortSignal, { ifVersion, isOnce = false }: WriteOptions = {}): Promise<void> {
    const value = `${this.#name}-${++this.#count}`
    const wanted = { set: { [SECTION]: { [key]: value } }, ...(ifVersion !== undefined && { ifVersion }) }
    const headers = { 'content-type': 'application/json', ...(!isOnce && { 'idempotency-key': value }) }
    const tell = this.#recorder.write({ key, value, ...(ifVersion !== undefined && { ifVersion }) })
    let outcome: WriteOutcome = { kind: 'unknown' }
    for (let isFirst = true; isFirst || (isOpen(outcome) && !isOnce && !end.aborted); isFirst = false) {
      if (!isFirst) await pause(BETWEEN_MS)
      outcome = outcomeOf(await this.#ask('changes', { method: 'POST', body: JSON.stringify(wanted), headers }))
    }
    tell(isOpen(outcome) && !isOnce ? { kind: 'unknown' } : outcome)
  }

  /** Reads everything once: at least as new as anybody has heard where `isFresh`, else what the node has in memory. */
  async read({ isFresh }: { readonly isFresh: boolean }): Promise<void> {
    const min = this.#recorder.newest
    const tell = this.#recorder.read({ isFresh, ...(isFresh && { min }) })
    const answer = await this.#ask(isFresh ? `config?min=${min}` : 'config')
    if (answer === undefined || answer.status === 503) return
    if (answer.status !== 200) throw new Error(`a read was answered ${answer.status}: ${JSON.stringify(answer.json)}`)
    tell({ version: answer.version, state: (answer.json[SECTION] ?? {}) as State })
  }

  /** The whole answer; undefined, and another node the next time, where none came. */
  async #ask(path: string, init: RequestInit = {}): Promise<Answer | undefined> {
    const node = this.#nodes[this.#at % this.#nodes.length]!
    const address = `/api/v1/namespaces/${this.#recorder.namespace}/${path}`
    try {
      const answer = await node.fetch(address, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) })
      const json = await answer.json()
      if (answer.status === 503) this.#at++
      return { status: answer.status, version: Number(answer.headers.get('holdfast-version')), json }
    } catch {
      this.#at++
      return undefined
    }
  }
}

/** True where asking again may tell more. */
const isOpen = ({ kind }: WriteOutcome): boolean => kind === 'unknown' || kind === 'refused'

function outcomeOf(answer: Answer | undefined): WriteOutcome {
  if (answer === undefined) return { kind: 'unknown' }
  const { status, json } = answer
  if (status === 201) return { kind: 'done', version: json.version.id }
  if (status === 409 && json.code === 'conflict') return { kind: 'conflict' }
  if (json.code === 'unknown') return { kind: 'unknown' }
  if (status === 503) return { kind: 'refused' }
  throw new Error(`a change was answered ${status}: ${JSON.stringify(json)}`)
}
