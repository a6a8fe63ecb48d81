import type { WhoAmI } from '../model/access.ts'
import type {
  BlameEntry,
  ChangeEvent,
  ChangeResult,
  Comparison,
  DriftEntry,
  Explanation,
  HistoryEntry,
  List,
  SourceStatus,
  ValidationResult,
} from '../model/config.ts'
import type { Instance } from '../model/instance.ts'
import { isTree, type Value } from '../model/value.ts'
import type { Version } from '../model/version.ts'
import type { SnapshotAnswer } from '../wire/answers.ts'

/** Whether a stranger's JSON is what it should be: what is asked for later must be there, and of its type. */
export type Shape<T> = (value: Value | undefined) => value is (Value | undefined) & T

export const text = (value: Value | undefined): value is string => typeof value === 'string'
export const flag = (value: Value | undefined): value is boolean => typeof value === 'boolean'
export const number = (value: Value | undefined): value is number => Number.isSafeInteger(value)
const nothing = (value: Value | undefined): value is null | undefined => value === null || value === undefined

export type Test = (value: Value | undefined) => boolean
export const textOrNull: Test = (value) => value === null || text(value)

/** An object that has these members; others do not matter. */
export const record =
  (tests: Readonly<Record<string, Test>>): Test =>
  (value) =>
    isTree(value) &&
    Object.entries(tests).every(([name, test]) => test(Object.hasOwn(value, name) ? value[name] : undefined))

export const listOf =
  (test: Test): Test =>
  (value) =>
    Array.isArray(value) && value.every(test)

const textsOrNothing: Test = (value) => value === undefined || listOf(text)(value)

/** Takes a test as one of a type. */
export const shape = <T>(test: Test): Shape<T> => test as Shape<T>

const version = record({
  id: number,
  hash: text,
  chainHash: text,
  createdAt: text,
  createdBy: text,
  description: textOrNull,
  cause: text,
  isBaseline: flag,
  tags: listOf(text),
})
const versionOrNull: Test = (value) => value === null || version(value)
const change = record({ operation: text, section: text, key: text })
const pair = record({ path: text, section: text, key: text, isMask: flag, differs: flag })
const source = record({ name: text, kind: text, isPinned: flag, state: text, error: textOrNull })

export const isVersion = shape<Version>(version)
export const isSource = shape<SourceStatus>(source)
export const isStoreState = shape<{ readonly isStale: boolean }>(record({ isStale: flag }))
export const isChangeResult = shape<ChangeResult>(
  record({ version: versionOrNull, changes: listOf(change), restartRequired: listOf(text) }),
)
export const isChangeEvent = shape<ChangeEvent>(
  record({ version, changes: listOf(change), restartRequired: listOf(text), reason: textOrNull }),
)
export const isSnapshotAnswer = shape<SnapshotAnswer>(
  record({
    version: versionOrNull,
    config: isTree,
    secrets: listOf(text),
    overrides: listOf(pair),
    sources: listOf(source),
  }),
)
export const isEmpty = shape<undefined>(nothing)

const validation = record({ valid: flag, issues: listOf(record({ path: text, code: text, message: text })) })
const explanation = record({
  path: text,
  section: text,
  key: text,
  version: number,
  beaten: listOf(isTree),
  stale: listOf(text),
})
const ofKey = { path: text, section: text, key: text }
const difference = record(ofKey)
const instance = record({ id: text, host: text, version: number, startVersion: number, startedAt: text, state: text })
const history = record({
  id: number,
  operation: text,
  layer: text,
  section: text,
  key: text,
  changedAt: text,
  versionId: number,
})

export const isValidation = shape<ValidationResult>(validation)
export const isExplanation = shape<Explanation>(explanation)
export const isInstance = shape<Instance>(instance)
export const isComparison = shape<Comparison>(record({ from: version, to: version, changes: listOf(difference) }))
export const isBlame = shape<readonly BlameEntry[]>(listOf(record({ ...ofKey, layer: text })))
export const isDriftEntries = shape<readonly DriftEntry[]>(listOf(record({ ...ofKey, kind: text })))
export const isInstances = shape<readonly Instance[]>(listOf(instance))
export const isSources = shape<readonly SourceStatus[]>(listOf(source))
export const isHistory = shape<List<HistoryEntry>>(record({ items: listOf(history), nextCursor: textOrNull }))
export const isVersions = shape<List<Version>>(record({ items: listOf(version), nextCursor: textOrNull }))
export const grants = listOf(record({ actions: listOf(text), namespaces: listOf(text), sections: textsOrNothing }))

export const isWhoAmI = shape<WhoAmI>(
  record({
    name: text,
    tokenId: textOrNull,
    expiresAt: textOrNull,
    grants,
  }),
)
