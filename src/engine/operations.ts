import type {
  BlameEntry,
  ChangeEvent,
  ChangeRequest,
  ChangeResult,
  DriftEntry,
  DriftKind,
  Explanation,
  HistoryEntry,
  HistoryQuery,
  List,
  Provenance,
  ValidationResult,
  Versions,
} from '../model/config.ts'
import { baselineDrift, type Conceal, type DriftWays, overrideDrift, sameIn, withoutResealed } from '../model/drift.ts'
import type { Instance, InstanceReport } from '../model/instance.ts'
import { fromSectionKey, parsePath, printPath } from '../model/path.ts'
import { type Action, authorise } from '../model/principal.ts'
import type { SchemaReader } from '../model/schema.ts'
import { toValue } from '../model/value.ts'
import type { VersionId } from '../model/version.ts'
import { authorisePaths, changeJob, pathsOf, readValue, validateSteps } from './changes.ts'
import { driftEntry, lastChangesOf } from './differences.ts'
import { concealBy, concealPast, eventsAfter } from './events.ts'
import { blame, explain } from './explain.ts'
import { history, requireSection } from './history.ts'
import { instanceDrift, instances, reportInstance } from './instances.ts'
import { answerOnce, type Submit } from './once.ts'
import type { Caller, CallerOf, Parts } from './parts.ts'
import { stateAt } from './past.ts'
import type { State } from './stored.ts'
import { versionsOf } from './versions.ts'
import type { Writer } from './writer.ts'

/** A change with a condition that is asked right before it is made, and not where its key has an answer already: a repetition is no second attempt. */
export interface ConditionalChange extends ChangeRequest, Provenance {
  /** The version that the change is meant for; refuses by throwing. */
  readonly ifMet?: () => VersionId | Promise<VersionId>
}

/** What a `Config` does for one caller besides reading values from memory: changes, and what needs the past. Loaded when first used. */
export class Operations {
  readonly versions: Versions
  /** All there is, for what is changed. */
  readonly #parts: Parts
  /** What the caller may see of it, for what is told. */
  readonly #seen: Parts
  readonly #writer: Writer
  readonly #callerOf: CallerOf

  constructor(parts: Parts, seen: Parts, writer: Writer, callerOf: CallerOf) {
    this.#parts = parts
    this.#seen = seen
    this.#writer = writer
    this.#callerOf = callerOf
    this.versions = versionsOf({ parts, seen, writer, callerOf })
  }

  async change({ ifMet, ...request }: ConditionalChange): Promise<ChangeResult> {
    const caller = this.#callerOf(request)
    authorisePaths(this.#parts, caller, pathsOf(request))
    const submit: Submit = async (once) => {
      const met = await ifMet?.()
      const meant = met === undefined ? request : { ifVersion: met, ...request }
      return this.#writer.submit(changeJob(this.#parts, caller, meant), once)
    }
    return this.#seen.view.result(await answerOnce(this.#parts, caller, { kind: 'change', request }, submit))
  }

  async validate(): Promise<ValidationResult> {
    this.#authorise('config:read')
    const issues = this.#seen.view.issues(await this.#parts.rules.issues(this.#parts.head.state))
    return { valid: issues.length === 0, issues }
  }

  async validateChange(section: string, key: string, value: unknown): Promise<ValidationResult> {
    const path = fromSectionKey({ section, key })
    const { state } = this.#parts.head
    const caller = this.#authorise('config:read')
    this.#seen.view.require(path)
    const reader = await this.#parts.rules.reader(state)
    const input = toValue(value, this.#parts.limits, printPath(path))
    const steps = readValue(this.#parts, state.snapshot, reader, path, input)
    const issues = this.#seen.view.issues(await validateSteps(this.#parts, state, caller, steps))
    return { valid: issues.length === 0, issues }
  }

  async explain(
    text: string,
    { at = 'latest', reveal = false }: { readonly at?: string | number; readonly reveal?: boolean },
  ): Promise<Explanation> {
    const path = parsePath(text)
    this.#seen.view.require(path)
    if (reveal) this.#seen.view.requireSecrets(path)
    return explain(this.#seen, await stateAt(this.#seen, at), path, reveal)
  }

  #authorise(action: Action): Caller {
    const caller = this.#callerOf({})
    authorise(caller.who, action, this.#parts.namespace)
    return caller
  }

  async blame(section: string | undefined): Promise<readonly BlameEntry[]> {
    this.#authorise('config:read')
    return blame(this.#seen, section)
  }

  async history(query: HistoryQuery): Promise<List<HistoryEntry>> {
    this.#authorise('config:read')
    return history(this.#seen, query)
  }

  /** A past state, and how it may be shown to those who may not see secrets. */
  async past(ref: string | number): Promise<{ readonly state: State; readonly conceal: Conceal }> {
    this.#authorise('config:read')
    const state = await stateAt(this.#seen, ref)
    return { state, conceal: await concealPast(this.#seen, state) }
  }

  /** Every event after a version, as the view has it; refuses (`not-found`) one after which some are not kept. */
  async eventsSince(since: VersionId): Promise<readonly ChangeEvent[]> {
    this.#authorise('config:read')
    return eventsAfter(this.#parts, since)
  }

  async instances(): Promise<readonly Instance[]> {
    this.#authorise('config:read')
    return instances(this.#seen)
  }

  async report(report: InstanceReport): Promise<Instance> {
    return reportInstance(this.#seen, this.#authorise('config:read').who, report)
  }

  async drift(kind: DriftKind, section: string | undefined): Promise<readonly DriftEntry[]> {
    this.#authorise('config:read')
    if (section !== undefined) requireSection(this.#seen.view, section)
    const entries = await this.#driftOf(kind)
    return section === undefined ? entries : entries.filter((entry) => entry.section === section)
  }

  async #driftOf(kind: DriftKind): Promise<readonly DriftEntry[]> {
    const reader = await this.#seen.rules.reader(this.#seen.head.state)
    if (kind === 'instance') return instanceDrift(this.#seen, reader)
    return kind === 'override' ? this.#overrideDrift(reader) : baselineEntries(this.#seen, reader)
  }

  #overrideDrift(reader: SchemaReader | undefined): readonly DriftEntry[] {
    const { snapshot } = this.#seen.head.state
    const isKnown: DriftWays['isKnown'] = (path) => reader?.isKnown(path) ?? true
    return overrideDrift(snapshot, { isKnown, conceal: concealBy(reader), isSame: sameIn(this.#seen.secrets) })
  }
}

async function baselineEntries(parts: Parts, reader: SchemaReader | undefined): Promise<readonly DriftEntry[]> {
  const baseline = await stateAt(parts, 'baseline')
  const last = await lastChangesOf(parts)
  const differences = withoutResealed(parts.secrets, baselineDrift(baseline.snapshot, parts.head.state.snapshot))
  return differences.map((difference) => ({
    kind: 'baseline',
    ...driftEntry(difference, reader, last),
  }))
}
