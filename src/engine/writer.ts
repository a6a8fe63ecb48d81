import { canonicalWhole } from '../model/canonical.ts'
import { keyChanges, type OverrideChange, type Staged } from '../model/change.ts'
import type { ChangeResult, KeyChange } from '../model/config.ts'
import { byLeaf, type Difference, diff } from '../model/diff.ts'
import { HoldfastError } from '../model/errors.ts'
import { isMask, type Origin } from '../model/override.ts'
import { toSectionKey } from '../model/path.ts'
import { isSealed } from '../model/secret.ts'
import type { Cause } from '../model/version.ts'
import type { OnceRecord } from '../store/shelves.ts'
import type { Delta, HistoryWrite, OverrideWrite, Write } from '../store/store.ts'
import { Breath } from './breath.ts'
import { eventsOf, resultOf, toKeyChange } from './events.ts'
import type { Parts } from './parts.ts'
import { advance, documentWrites, encode, type State, toState } from './stored.ts'

/** A version to be: the state after it, and what is said about it. */
export interface Proposal {
  readonly before: State
  readonly after: State
  readonly cause: Cause
  readonly description: string | null
  readonly createdAt: string
  readonly createdBy: string
  readonly sourceIp: string | null
  readonly reason: string | null
  readonly comment: string | null
  readonly staged: Staged | null
  readonly origin: Origin
  readonly tags: readonly string[]
  readonly baseline: boolean
  /** Answered, but not written. */
  readonly dryRun: boolean
}

/** Makes a proposal on the state it is given, or none where nothing would change. Called again when somebody else was first. */
export type Propose = (state: State) => Promise<Proposal | undefined>

/** A job and what it makes of the state before it: nothing, where it would change nothing. */
interface StagedJob {
  readonly job: Job
  readonly proposal: Proposal | undefined
}

interface Job {
  readonly propose: Propose
  /** Remembered with the answer in the transaction of the commit. */
  readonly once: OnceRecord | undefined
  readonly resolve: (result: ChangeResult) => void
  readonly reject: (error: unknown) => void
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

/**
 * The one place where the head moves. Jobs that are waiting are staged one on another and committed in one transaction, each its own version;
 * what others committed enters here too, so that events come in the order of versions.
 */
export class Writer {
  readonly #parts: Parts
  #queue: Job[] = []
  #running: Promise<void> | undefined
  #behind: PromiseWithResolvers<void> | undefined
  #isClosed = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** How many changes wait for the commit that is under way. */
  get waiting(): number {
    return this.#queue.length
  }

  submit(propose: Propose, once?: OnceRecord): Promise<ChangeResult> {
    if (this.#isClosed) return Promise.reject(new HoldfastError('closed', 'this Config is closed', { what: 'config' }))
    const { promise, resolve, reject } = Promise.withResolvers<ChangeResult>()
    this.#queue.push({ propose, once, resolve, reject })
    void this.#start()
    return promise
  }

  /** Takes in what others committed. */
  refresh(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.#behind ??= Promise.withResolvers()
    const { promise } = this.#behind
    void this.#start()
    return promise
  }

  /** Refuses new jobs and waits for those accepted. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
  }

  #start(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#queue.length > 0 || this.#behind) void this.#start()
    })
    return this.#running
  }

  async #run(): Promise<void> {
    await null // all that is submitted in this turn joins one commit
    let wasBusy = false
    while (this.#queue.length > 0 || this.#behind) {
      if (wasBusy) await new Promise(setImmediate) // lets what arrived during the commit join the next
      if (this.#behind) await this.#catchUp()
      const batch = this.#queue.splice(0, BATCH)
      wasBusy = batch.length > 1
      if (batch.length > 0) await this.#commit(batch)
    }
  }

  async #catchUp(): Promise<void> {
    const behind = this.#behind
    this.#behind = undefined
    const { store, namespace, head } = this.#parts
    try {
      const delta = await store.delta(namespace, head.state.version?.id ?? 0)
      head.move(await this.#caughtUp(delta))
      for (const event of await eventsOf(this.#parts, delta)) this.#parts.publish(event)
    } catch (error) {
      this.#parts.log.warn({ namespace, error: (error as Error).message }, 'could not read what others committed')
      if (this.#queue.length > 0) for (const job of this.#queue.splice(0)) job.reject(error)
    } finally {
      behind?.resolve()
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

  async #commit(batch: readonly Job[]): Promise<void> {
    let jobs = batch
    while (jobs.length > 0) {
      const staged = await this.#stage(jobs)
      try {
        await this.#write(staged)
        return
      } catch (error) {
        if (!HoldfastError.is(error, 'conflict')) return this.#refuse(staged, error)
        await this.#catchUp()
        jobs = staged.map(({ job }) => job)
      }
    }
  }

  /** One job's taken tag is no other job's fault. */
  async #refuse(staged: readonly StagedJob[], error: unknown): Promise<void> {
    if (staged.length === 1 || !HoldfastError.is(error, 'exists')) for (const { job } of staged) job.reject(error)
    else for (const { job } of staged) await this.#commit([job])
  }

  /** Stages each job on the one before it; those that are refused or dry are answered here. */
  async #stage(jobs: readonly Job[]): Promise<readonly StagedJob[]> {
    const staged: StagedJob[] = []
    let state = this.#parts.head.state
    const breath = new Breath()
    for (const job of jobs) {
      await breath.take()
      try {
        const proposal = await job.propose(state)
        if (proposal?.dryRun) job.resolve(await this.#result(proposal, changesOf(proposal)))
        else staged.push({ job, proposal })
        state = proposal === undefined || proposal.dryRun ? state : proposal.after
      } catch (error) {
        job.reject(error)
      }
    }
    return staged
  }

  /** That a job changes nothing is true only once those before it are committed. */
  async #write(staged: readonly StagedJob[]): Promise<void> {
    const written = staged.flatMap(({ job, proposal }) => (proposal === undefined ? [] : [{ job, proposal }]))
    if (written.length > 0) await this.#writeAll(written)
    for (const { job, proposal } of staged) if (proposal === undefined) job.resolve(NOTHING)
  }

  async #writeAll(staged: readonly { readonly job: Job; readonly proposal: Proposal }[]): Promise<void> {
    const { store, namespace, head } = this.#parts
    const { sha256 } = await hashing()
    const writes: Write[] = []
    const results: ChangeResult[] = []
    const breath = new Breath()
    for (const { job, proposal } of staged) {
      await breath.take()
      const changes = changesOf(proposal)
      const result = await this.#result(proposal, changes)
      const hash = sha256(canonicalWhole(proposal.after.snapshot.effective))
      writes.push({
        ...toWrite(proposal, changes, hash),
        ...(job.once && { once: { ...job.once, answer: answerText(result) } }),
      })
      results.push(result)
    }
    const versions = await store.commit(namespace, head.state.version?.id ?? 0, writes)
    const last = staged.at(-1)!.proposal.after
    for (const [i, { proposal }] of staged.entries()) proposal.origin.versionId = versions[i]!.id
    head.move({ ...last, version: versions.at(-1)!, ahead: 0 })
    for (const [i, { job, proposal }] of staged.entries()) {
      const done = { ...results[i]!, version: versions[i]! }
      this.#parts.publish({ ...done, reason: proposal.reason })
      job.resolve(done)
    }
  }

  #result(proposal: Proposal, { ofOverrides, ofBase }: Changes): Promise<ChangeResult> {
    return resultOf(this.#parts, proposal.after, null, [...ofOverrides, ...ofBase])
  }
}

/** Loaded with the first write, and asked for once: an `import()` of what is there costs as much as hashing 20 kB. */
let hash: Promise<typeof import('../model/hash.ts')> | undefined

function hashing(): Promise<typeof import('../model/hash.ts')> {
  hash ??= import('../model/hash.ts')
  return hash
}

/** A proposal's changes key by key, values as stored: of the overrides, and of the base where its layers moved. */
interface Changes {
  readonly ofOverrides: readonly KeyChange[]
  readonly ofBase: readonly KeyChange[]
}

function changesOf(proposal: Proposal): Changes {
  const ofOverrides = proposal.staged === null ? [] : keyChanges(proposal.before.snapshot, proposal.staged)
  const ofBase = baseChanges(proposal).map(toBaseChange)
  return { ofOverrides: ofOverrides.map(unexposed), ofBase: ofBase.map(unexposed) }
}

/** What a key said before it became secret is not told or written again. */
const unexposed = (change: KeyChange): KeyChange =>
  isSealed(change.newValue) && !isSealed(change.oldValue)
    ? toKeyChange(change.operation, change, undefined, change.newValue)
    : change

function toBaseChange({ path, before, after }: Difference): KeyChange {
  const operation = before === undefined ? 'CREATE' : after === undefined ? 'DELETE' : 'UPDATE'
  return toKeyChange(operation, toSectionKey(path), before, after)
}

/** Where the configuration without overrides moved. The first version records the base as found, without a row per key. */
function baseChanges({ before, after }: Proposal): readonly Difference[] {
  const [old, next] = [before.snapshot, after.snapshot]
  const isFirst = before.version === undefined && old.names().size === 0
  if (isFirst || old.layers === next.layers) return []
  const names = [...new Set([...old.names(), ...next.names()])].sort()
  return names.flatMap((name) => byLeaf(diff(old.withoutOverrides(name), next.withoutOverrides(name), [name])))
}

function toWrite(proposal: Proposal, { ofOverrides, ofBase }: Changes, configHash: string): Write {
  return {
    cause: proposal.cause,
    description: proposal.description,
    createdAt: proposal.createdAt,
    createdBy: proposal.createdBy,
    sourceIp: proposal.sourceIp,
    reason: proposal.reason,
    comment: proposal.comment,
    configHash,
    documents: documentWrites(proposal.before, proposal.after),
    overrides: (proposal.staged?.overrides ?? []).map(toOverrideWrite),
    history: [
      ...ofOverrides.map((change) => toHistory('override', change)),
      ...ofBase.map((change) => toHistory('base', change)),
    ],
    tags: proposal.tags,
    baseline: proposal.baseline,
  }
}

const toHistory = (layer: HistoryWrite['layer'], change: KeyChange): HistoryWrite => ({
  operation: change.operation,
  layer,
  section: change.section,
  key: change.key,
  oldValue: encode(change.oldValue),
  newValue: encode(change.newValue),
})

function toOverrideWrite({ path, after }: OverrideChange): OverrideWrite {
  const { section, key } = toSectionKey(path)
  if (after === undefined) return { section, key, value: null }
  const value = isMask(after) ? ({ text: null, type: 'mask' } as const) : encode(after.value)
  return { section, key, value, reason: after.reason, comment: after.comment, baseValue: encode(after.baseValue) }
}
