import type { Operation, ReadOperation, WriteOperation, WriteOutcome } from './operations.ts'

type Begun = Pick<WriteOperation, 'key' | 'value' | 'ifVersion'>

/** All operations on one namespace, timed by the one clock of this process. */
export class Recorder {
  readonly operations: Operation[] = []
  readonly namespace: string
  /** The head before the first operation. */
  readonly origin: number
  #newest: number

  constructor(namespace: string, origin: number) {
    this.namespace = namespace
    this.origin = origin
    this.#newest = origin
  }

  /** The newest version that anybody here has heard of. */
  get newest(): number {
    return this.#newest
  }

  get acknowledged(): number {
    return this.operations.filter((one) => one.kind === 'write' && one.outcome.kind === 'done').length
  }

  /** Begins a write now; what is returned takes its outcome. */
  write(begun: Begun): (outcome: WriteOutcome) => void {
    const invoked = performance.now()
    return (outcome) => {
      const responded = outcome.kind === 'unknown' ? Number.POSITIVE_INFINITY : performance.now()
      this.operations.push({ kind: 'write', ...begun, invoked, responded, outcome })
      if (outcome.kind === 'done') this.#hear(outcome.version)
    }
  }

  /** Begins a read now; what is returned takes its answer. One that is not answered is no operation. */
  read(asked: Pick<ReadOperation, 'min' | 'isFresh'>): (answer: Pick<ReadOperation, 'version' | 'state'>) => void {
    const invoked = performance.now()
    return (answer) => {
      this.operations.push({ kind: 'read', ...asked, ...answer, invoked, responded: performance.now() })
      this.#hear(answer.version)
    }
  }

  #hear(version: number): void {
    if (version > this.#newest) this.#newest = version
  }
}
