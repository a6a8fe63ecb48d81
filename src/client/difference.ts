import { type ChangeEvent, CONCEALED, type KeyChange } from '../model/config.ts'
import { byLeaf, type Difference, diff } from '../model/diff.ts'
import { type Path, parsePath, toSectionKey } from '../model/path.ts'
import type { Value } from '../model/value.ts'
import type { SnapshotAnswer } from '../wire/answers.ts'

/** What came, went or is another from `before` to `after`, as one change; `undefined` where nothing is. Reasons and restarts on the way are not known. */
export function differenceOf(before: SnapshotAnswer, after: SnapshotAnswer): ChangeEvent | undefined {
  const secrets = [...new Set([...before.secrets, ...after.secrets])].map((path) => parsePath(path))
  const changes = byLeaf(diff(before.config, after.config)).map((difference) => {
    return toChange(
      difference,
      secrets.some((secret) => isOnWay(secret, difference.path)),
    )
  })
  if (after.version === null || changes.length === 0) return undefined
  return { version: after.version, reason: null, changes, restartRequired: [] }
}

function toChange({ path, before, after }: Difference, isSecret: boolean): KeyChange {
  const shown = (value: Value): Value => (isSecret ? CONCEALED : value)
  return {
    operation: before === undefined ? 'CREATE' : after === undefined ? 'DELETE' : 'UPDATE',
    ...toSectionKey(path),
    ...(before !== undefined && { oldValue: shown(before) }),
    ...(after !== undefined && { newValue: shown(after) }),
  }
}

/** True where one path is the other or leads to it. */
const isOnWay = (one: Path, other: Path): boolean =>
  one.slice(0, other.length).every((segment, i) => segment === other[i])
