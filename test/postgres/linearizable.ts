import type { Committed, Finding, Operation, ReadOperation, State, WriteOperation } from './operations.ts'
import { Timeline } from './timeline.ts'

/**
 * What in a history of one namespace cannot be explained by operations that each happen at one moment between their request and their answer.
 * Versions are the order of writes, so that no order has to be searched for: it is given, and only has to be
 * possible. `origin` is the head before the first write, with nothing set.
 */
export function findAnomalies(
  operations: readonly Operation[],
  history: readonly Committed[],
  origin = 0,
): readonly Finding[] {
  const writes = operations.filter((one) => one.kind === 'write')
  const reads = operations.filter((one) => one.kind === 'read')
  const byName = new Map(writes.map((write) => [nameOf(write), write]))
  const timeline = new Timeline({ history, writes: byName, reads, origin })
  return [
    ...ascending(history),
    ...history.flatMap((one) => unasked(one, byName)),
    ...writes.flatMap((write) => kept(write, timeline)),
    ...ordered(timeline),
    ...writes.flatMap((write) => compared(write, timeline)),
    ...reads.flatMap((read) => seen(read, timeline)),
    ...states(reads, history, origin),
  ]
}

/** What makes a write known in the stored history. */
export const nameOf = ({ key, value }: Pick<WriteOperation, 'key' | 'value'>): string => `${key}=${value}`

function ascending(history: readonly Committed[]): readonly Finding[] {
  return history.flatMap(({ version }, i) => {
    const before = history[i - 1]?.version ?? 0
    return version > before ? [] : [{ kind: 'not-ascending', message: `version ${version} comes after ${before}` }]
  })
}

function unasked(one: Committed, byName: ReadonlyMap<string, WriteOperation>): readonly Finding[] {
  if (byName.has(nameOf(one))) return []
  return [{ kind: 'phantom', message: `version ${one.version} has ${nameOf(one)}, which nobody wrote` }]
}

/** What was acknowledged is there once and where it was said to be; what was refused is not there; the rest is there once at most. */
function kept(write: WriteOperation, timeline: Timeline): readonly Finding[] {
  const name = nameOf(write)
  const versions = timeline.versionsOf(name)
  const { outcome } = write
  if (versions.length > 1)
    return [{ kind: 'duplicate', message: `${name} is there as versions ${versions.join(' and ')}` }]
  if (outcome.kind === 'done' && versions.length === 0)
    return [{ kind: 'lost', message: `${name} was acknowledged as version ${outcome.version} and is not there` }]
  if (outcome.kind === 'done' && versions[0] !== outcome.version)
    return [{ kind: 'wrong-version', message: `${name} was acknowledged as ${outcome.version} and is ${versions[0]}` }]
  if ((outcome.kind === 'conflict' || outcome.kind === 'refused') && versions.length > 0)
    return [
      { kind: 'refused-but-done', message: `${name} was refused (${outcome.kind}) and is version ${versions[0]}` },
    ]
  return []
}

/** What was answered before another was asked for has the lower version. */
function ordered({ entries }: Timeline): readonly Finding[] {
  const findings: Finding[] = []
  let earliest = { responded: Number.POSITIVE_INFINITY, version: 0 }
  for (const { version, invoked, responded } of entries.toReversed()) {
    if (earliest.responded < invoked) {
      const message = `version ${version} was asked for after version ${earliest.version} was answered`
      findings.push({ kind: 'order', message })
    }
    if (responded < earliest.responded) earliest = { responded, version }
  }
  return findings
}

/** Done exactly where the head was the version that it was compared with; a conflict needs a moment at which it was another. */
function compared(write: WriteOperation, timeline: Timeline): readonly Finding[] {
  const { ifVersion, outcome } = write
  if (ifVersion === undefined) return []
  const name = nameOf(write)
  const [version] = timeline.versionsOf(name)
  if (version !== undefined && timeline.before(version) !== ifVersion)
    return [{ kind: 'cas', message: `${name} was for head ${ifVersion} and was done on ${timeline.before(version)}` }]
  if (outcome.kind !== 'conflict' || timeline.headsDuring(write).some((head) => head !== ifVersion)) return []
  return [{ kind: 'cas', message: `${name} was for head ${ifVersion}, which was the head, and was refused` }]
}

function seen(read: ReadOperation, timeline: Timeline): readonly Finding[] {
  const { version } = read
  const floor = Math.max(read.min ?? 0, read.isFresh ? timeline.floorAt(read.invoked) : 0)
  if (version < floor) return [{ kind: 'stale', message: `a read saw version ${version} where ${floor} was known` }]
  if (version > timeline.ceilingAt(read.responded))
    return [{ kind: 'future', message: `a read saw version ${version} before it was asked for` }]
  return []
}

/** Every read has exactly what its version and those before it wrote. */
function states(reads: readonly ReadOperation[], history: readonly Committed[], origin: number): readonly Finding[] {
  const findings: Finding[] = []
  const state = new Map<string, string>()
  let next = 0
  for (const read of reads.toSorted((a, b) => a.version - b.version)) {
    for (; next < history.length && history[next]!.version <= read.version; next++)
      state.set(history[next]!.key, history[next]!.value)
    const isKnown = read.version === (history[next - 1]?.version ?? origin)
    if (!isKnown || !isSame(read.state, state))
      findings.push({
        kind: 'wrong-state',
        message: `a read of version ${read.version} has other values than the history`,
      })
  }
  return findings
}

function isSame(found: State, wanted: ReadonlyMap<string, string>): boolean {
  const entries = Object.entries(found)
  return entries.length === wanted.size && entries.every(([key, value]) => wanted.get(key) === value)
}
