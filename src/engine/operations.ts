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
import { baselineDrift, type Conceal, overrideDrift } from '../model/drift.ts'
import { fromSectionKey, printPath, toSectionKey } from '../model/path.ts'
import { authorise } from '../model/principal.ts'
import type { SchemaReader } from '../model/schema.ts'
import { toValue } from '../model/value.ts'
import { changeJob, readValue, validateSteps } from './changes.ts'
import { concealBy, concealPast, eventsOf, show } from './events.ts'
import { blame, explain } from './explain.ts'
import { history } from './history.ts'
import type { Caller, Parts } from './parts.ts'
import { stateAt } from './past.ts'
import type { State } from './stored.ts'
import { type CallerOf, versionsOf } from './versions.ts'
import { Writer } from './writer.ts'

/** What a `Config` does besides reading values from memory: changes, and what needs the past. Loaded when first used, so that a read starts fast. */
export class Operations {
  readonly writer: Writer
  readonly versions: Versions
  readonly #parts: Parts
  readonly #callerOf: CallerOf

  constructor(parts: Parts, callerOf: CallerOf) {
    this.#parts = parts
    this.#callerOf = callerOf
    this.writer = new Writer(parts)
    this.versions = versionsOf(parts, this.writer, callerOf)
  }

  change(request: ChangeRequest & Provenance): Promise<ChangeResult> {
    return this.writer.submit(changeJob(this.#parts, this.#callerOf(request), request))
  }

  async validate(): Promise<ValidationResult> {
    const issues = await this.#parts.rules.issues(this.#parts.head.state)
    return { valid: issues.length === 0, issues }
  }

  async validateChange(section: string, key: string, value: unknown): Promise<ValidationResult> {
    const { state } = this.#parts.head
    const path = fromSectionKey({ section, key })
    const reader = await this.#parts.rules.reader(state)
    const input = toValue(value, this.#parts.limits, printPath(path))
    const steps = readValue(this.#parts, state.snapshot, reader, path, input)
    const issues = await validateSteps(this.#parts, state, this.#callerOf({}), steps)
    return { valid: issues.length === 0, issues }
  }

  async explain(
    path: string,
    { at = 'latest', reveal = false }: { readonly at?: string | number; readonly reveal?: boolean },
  ): Promise<Explanation> {
    this.#authorise(reveal ? 'secrets:read' : 'config:read')
    return explain(this.#parts, await stateAt(this.#parts, at), path, reveal)
  }

  #authorise(action: 'secrets:read' | 'config:read'): Caller {
    const caller = this.#callerOf({})
    authorise(caller.who, action, this.#parts.namespace)
    return caller
  }

  blame(section: string | undefined): Promise<readonly BlameEntry[]> {
    return blame(this.#parts, section)
  }

  history(query: HistoryQuery): Promise<List<HistoryEntry>> {
    return history(this.#parts, query)
  }

  /** A past state, and how it may be shown. */
  async past(ref: string | number): Promise<{ readonly state: State; readonly conceal: Conceal }> {
    const state = await stateAt(this.#parts, ref)
    return { state, conceal: await concealPast(this.#parts, state) }
  }

  async eventsSince(version: number): Promise<readonly ChangeEvent[]> {
    return eventsOf(this.#parts, await this.#parts.store.delta(this.#parts.namespace, version))
  }

  async drift(kind: DriftKind, section: string | undefined): Promise<readonly DriftEntry[]> {
    const reader = await this.#parts.rules.reader(this.#parts.head.state)
    const entries = kind === 'override' ? this.#overrideDrift(reader) : await this.#baselineDrift(reader)
    return section === undefined ? entries : entries.filter((entry) => entry.section === section)
  }

  #overrideDrift(reader: SchemaReader | undefined): readonly DriftEntry[] {
    const { snapshot } = this.#parts.head.state
    return overrideDrift(snapshot, (path) => reader?.isKnown(path) ?? true, concealBy(reader))
  }

  async #baselineDrift(reader: SchemaReader | undefined): Promise<readonly DriftEntry[]> {
    const { store, namespace, head } = this.#parts
    const baseline = await stateAt(this.#parts, 'baseline')
    const rows = await store.lastChanges(namespace, {})
    const last = new Map(rows.map((row) => [JSON.stringify([row.section, row.key]), row]))
    return baselineDrift(baseline.snapshot, head.state.snapshot).map(({ path, before, after }) => {
      const { section, key } = toSectionKey(path)
      const row = last.get(JSON.stringify([section, key]))
      const isSecret = reader?.isSecret(path) ?? false
      const [expected, actual] = [show(before, isSecret), show(after, isSecret)]
      return {
        kind: 'baseline',
        path: printPath(path),
        section,
        key,
        ...(expected !== undefined && { expected }),
        ...(actual !== undefined && { actual }),
        version: row?.versionId ?? null,
        who: row?.changedBy ?? null,
        when: row?.changedAt ?? null,
        why: row?.reason ?? null,
      }
    })
  }
}
