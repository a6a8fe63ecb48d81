import type { ChangeResult } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import type { OnceRecord } from '../store/shelves.ts'
import type { Delta, Write } from '../store/store.ts'
import { Breath } from './breath.ts'
import { eventsOf, resultOf } from './events.ts'
import { Outage } from './outage.ts'
import type { Parts } from './parts.ts'
import { changesOf, type Proposal, type Propose, toWrite } from './proposal.ts'
import { advance, type State, toState } from './stored.ts'

/** A job and what it makes of the state before it. `nothing` would change nothing, and `answer` is a dry run's. */
type StagedJob = { readonly job: Job } & (
  | { readonly kind: 'version'; readonly proposal: Proposal; readonly result: ChangeResult; readonly write: Write }
  | { readonly kind: 'answer'; readonly result: ChangeResult }
  | { readonly kind: 'refusal'; readonly error: unknown }
)

/** Jobs staged one on another: `after` is the state that the last of them leaves. */
interface Batch {
  readonly jobs: StagedJob[]
  after: State
  /** The batch that it is staged on, as long as that one's numbers are not known. */
  under: Batch | undefined
  isCommitted: boolean
}

/** A batch that is being committed. Where it was not, `done` tells the jobs that must be staged anew; the others are answered. */
interface Flight {
  readonly batch: Batch
  readonly done: Promise<readonly Job[] | undefined>
  isDone: boolean
}

interface Job {
  readonly propose: Propose
  /** Remembered with the answer in the transaction of the commit. */
  readonly once: OnceRecord | undefined
  readonly resolve: (result: ChangeResult) => void
  readonly reject: (error: unknown) => void
  /** True once it was staged anew because it speaks of a version that was not here yet. */
  hasWaited: boolean
}

/** What is kept of an answer for whoever asks again: the version it made is found by its number. */
export const answerText = ({ changes, restartRequired }: ChangeResult): string =>
  JSON.stringify({ changes, restartRequired })

const NOTHING: ChangeResult = Object.freeze({
  version: null,
  changes: Object.freeze([]),
  restartRequired: Object.freeze([]),
})
const BATCH = 256
/** When a commit whose outcome is unknown is looked for again: a database may finish one long after its connection was lost. */
const LOOK_AGAIN_MS = [1000, 5000, 15_000, 60_000]

/**
 * The one place where the head moves. Jobs that are waiting are staged one on another and committed in one transaction, each its own version;
 * while one batch is on its way to the disk the next is staged on the state it will leave. What others committed enters here too, so that
 * events come in the order of versions.
 */
export class Writer {
  readonly #parts: Parts
  #queue: Job[] = []
  #running: Promise<void> | undefined
  /** True while the head may be older than what is committed: nothing is staged on it then. */
  #isBehind = false
  /** Those who wait for it to be read again. */
  #asked: PromiseWithResolvers<void> | undefined
  #arrived: (() => void) | undefined
  #isClosed = false
  readonly #outage: Outage
  #doubts: readonly NodeJS.Timeout[] = []

  constructor(parts: Parts) {
    this.#parts = parts
    this.#outage = new Outage(parts.log, 'what others committed cannot be read; it is tried again')
  }

  /** How many changes wait for the commit that is under way. */
  get waiting(): number {
    return this.#queue.length
  }

  submit(propose: Propose, once?: OnceRecord): Promise<ChangeResult> {
    if (this.#isClosed) return Promise.reject(new HoldfastError('closed', 'this Config is closed', { what: 'config' }))
    const { promise, resolve, reject } = Promise.withResolvers<ChangeResult>()
    this.#queue.push({ propose, once, resolve, reject, hasWaited: false })
    this.#arrived?.()
    void this.#start()
    return promise
  }

  /** Takes in what others committed; rejects where the store cannot be read. */
  refresh(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    const promise = this.#fallBehind()
    this.#arrived?.()
    void this.#start()
    return promise
  }

  /** Has the head read again before anything more is staged on it. */
  #fallBehind(): Promise<void> {
    this.#isBehind = true
    if (this.#asked === undefined) {
      this.#asked = Promise.withResolvers()
      this.#asked.promise.catch(() => undefined) // not everybody waits for it
    }
    return this.#asked.promise
  }

  /** After a commit that may or may not have happened: the head is read again at once, and some times later, for it may still happen. */
  #doubt(): void {
    void this.#fallBehind()
    for (const timer of this.#doubts) clearTimeout(timer)
    this.#doubts = LOOK_AGAIN_MS.map((ms) => setTimeout(() => void this.refresh().catch(() => undefined), ms).unref())
  }

  /** Refuses new jobs and waits for those accepted. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#doubts) clearTimeout(timer)
    await this.#running
  }

  #start(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#queue.length > 0 || this.#asked) void this.#start()
    })
    return this.#running
  }

  async #run(): Promise<void> {
    await null // all that is submitted in this turn joins one commit
    while (this.#queue.length > 0 || this.#asked) {
      if (this.#isBehind) await this.#catchUp()
      await this.#commitWaiting()
    }
  }

  /** Batch after batch, until nothing waits or others were first. What was staged on a batch that failed is staged anew. */
  async #commitWaiting(): Promise<void> {
    let flight: Flight | undefined
    for (;;) {
      const batch = await this.#gather(flight)
      const again = await flight?.done
      if (again !== undefined) {
        this.#queue.unshift(...again, ...batch.jobs.map(({ job }) => job))
        return
      }
      if (batch.jobs.length === 0) return
      this.#ground(batch)
      flight = this.#launch(batch)
    }
  }

  /** Stages what waits; under a commit, also what comes until it is done. */
  async #gather(flight: Flight | undefined): Promise<Batch> {
    const batch = this.#batchOn(flight?.batch)
    do {
      await this.#stage(batch)
    } while (flight !== undefined && !flight.isDone && (await this.#hasMore(flight, batch)))
    return batch
  }

  #batchOn(under?: Batch): Batch {
    return { jobs: [], after: under?.after ?? this.#parts.head.state, under, isCommitted: false }
  }

  /** Once the batch under it is committed, a batch stands on the head: other namespaces may have taken the numbers that were next. */
  #ground(batch: Batch): void {
    if (!batch.under?.isCommitted) return
    const ahead = batch.jobs.filter(({ kind }) => kind === 'version').length
    batch.after = { ...batch.after, version: this.#parts.head.state.version, ahead }
    batch.under = undefined
  }

  /** Whether a job came before the commit was done. */
  async #hasMore(flight: Flight, { jobs }: Batch): Promise<boolean> {
    if (jobs.length < BATCH && !this.#isBehind && this.#queue.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#arrived = resolve
      await Promise.race([flight.done, promise])
      this.#arrived = undefined
    } else if (jobs.length >= BATCH || this.#isBehind) await flight.done
    return !flight.isDone
  }

  #launch(batch: Batch): Flight {
    const done = this.#commit(batch).finally(() => {
      flight.isDone = true
    })
    const flight: Flight = { batch, done, isDone: false }
    return flight
  }

  async #catchUp(): Promise<void> {
    const asked = this.#asked
    this.#asked = undefined
    this.#isBehind = false
    const { store, namespace, head } = this.#parts
    try {
      const delta = await store.delta(namespace, head.state.version?.id ?? 0)
      head.move(await this.#caughtUp(delta))
      for (const event of await eventsOf(this.#parts, delta)) this.#parts.publish(event)
      this.#outage.worked()
      asked?.resolve()
    } catch (error) {
      this.#isBehind = true
      this.#outage.failed(error)
      for (const job of this.#queue.splice(0)) job.reject(error)
      asked?.reject(error)
    }
  }

  /** The state after `delta`. All is read again where what we knew was deleted or purged meanwhile; tags move without a version. */
  async #caughtUp(delta: Delta): Promise<State> {
    const { store, namespace, head, reveal } = this.#parts
    const known = head.state.version
    const found = known && (await store.find(namespace, { base: { kind: 'id', id: known.id }, back: 0 }))
    if (known?.chainHash !== found?.chainHash) return toState(await store.state(namespace), reveal)
    return delta.versions.length === 0 ? { ...head.state, version: found } : advance(head.state, delta, reveal)
  }

  async #commit(batch: Batch): Promise<readonly Job[] | undefined> {
    try {
      await this.#write(batch)
      return undefined
    } catch (error) {
      if (isInDoubt(error)) this.#doubt()
      if (!HoldfastError.is(error, 'conflict')) return this.#refuse(batch, error)
      void this.#fallBehind()
      return batch.jobs.map(({ job }) => job)
    }
  }

  /** One job's taken tag, or lost lease, is no other job's fault, and what writes nothing has not failed. Tells which jobs must be staged anew. */
  async #refuse({ jobs }: Batch, error: unknown): Promise<readonly Job[]> {
    if (jobs.length === 1 || !(HoldfastError.is(error, 'exists') || HoldfastError.is(error, 'fenced'))) {
      for (const { job, kind } of jobs) if (kind === 'version') job.reject(error)
      return jobs.filter(({ kind }) => kind !== 'version').map(({ job }) => job)
    }
    for (const [i, { job }] of jobs.entries()) {
      const alone = this.#batchOn()
      await this.#stageOne(alone, job)
      const again = (await this.#commit(alone)) ?? []
      if (again.length > 0 || this.#isBehind) return [...again, ...jobs.slice(i + 1).map((one) => one.job)]
    }
    return []
  }

  /** Stages each waiting job on the one before it. */
  async #stage(batch: Batch): Promise<void> {
    const breath = new Breath()
    while (this.#queue.length > 0 && batch.jobs.length < BATCH && !this.#isBehind) {
      await breath.take()
      this.#ground(batch)
      const job = this.#queue.shift()
      if (job !== undefined) await this.#stageOne(batch, job)
    }
  }

  async #stageOne(batch: Batch, job: Job): Promise<void> {
    try {
      const proposal = await job.propose(batch.after)
      if (proposal === undefined) batch.jobs.push({ job, kind: 'answer', result: NOTHING })
      else batch.jobs.push(await this.#prepare(job, proposal))
      if (proposal !== undefined && !proposal.dryRun) batch.after = proposal.after
    } catch (error) {
      if (isAhead(error) && !job.hasWaited) this.#putOff(job)
      else batch.jobs.push({ job, kind: 'refusal', error })
    }
  }

  /** A change that is meant for a version that is not here yet is judged once what others committed is. */
  #putOff(job: Job): void {
    job.hasWaited = true
    this.#queue.unshift(job)
    void this.#fallBehind()
  }

  async #prepare(job: Job, proposal: Proposal): Promise<StagedJob> {
    const changes = changesOf(proposal)
    const result = await resultOf(this.#parts, proposal.after, null, [...changes.ofOverrides, ...changes.ofBase])
    if (proposal.dryRun) return { job, kind: 'answer', result }
    const write = await toWrite(proposal, changes)
    const once = job.once && { ...job.once, answer: answerText(result) }
    return { job, kind: 'version', proposal, result, write: once === undefined ? write : { ...write, once } }
  }

  /** That a job changes nothing, or is refused, is true only once those before it are committed. */
  async #write(batch: Batch): Promise<void> {
    const { jobs, after } = batch
    const { store, namespace, head, publish } = this.#parts
    const written = jobs.filter((one) => one.kind === 'version')
    const versions =
      written.length === 0
        ? []
        : await store.commit(
            namespace,
            head.state.version?.id ?? 0,
            written.map(({ write }) => write),
          )
    for (const [i, { proposal }] of written.entries()) proposal.origin.versionId = versions[i]!.id
    const last = versions.at(-1)
    if (last !== undefined) head.move({ ...after, version: last, ahead: 0 })
    batch.isCommitted = true
    let at = 0
    for (const one of jobs) {
      if (one.kind === 'refusal') one.job.reject(one.error)
      else if (one.kind === 'answer') one.job.resolve(one.result)
      else {
        const done = { ...one.result, version: versions[at++]! }
        publish({ ...done, reason: one.proposal.reason })
        one.job.resolve(done)
      }
    }
  }
}

/** True for a failure that leaves open whether the commit happened. */
const isInDoubt = (error: unknown): boolean => HoldfastError.is(error, 'unknown') || !(error instanceof HoldfastError)

const isAhead = (error: unknown): boolean =>
  HoldfastError.is(error, 'conflict') && error.details.expected > error.details.found
