import type { ChangeRequest, Provenance } from '../model/config.ts'
import type { Limits } from '../model/limits.ts'
import type { Path } from '../model/path.ts'
import { toValue } from '../model/value.ts'

/** The limits are the server's; here is only refused what JSON cannot carry there. */
const ANY: Limits = {
  valueBytes: Number.POSITIVE_INFINITY,
  sourceBytes: Number.POSITIVE_INFINITY,
  depth: 1000,
  keyLength: Number.POSITIVE_INFINITY,
  operations: Number.POSITIVE_INFINITY,
}

/** A change as it is sent. `undefined`, functions and the like would be lost in JSON without a word: they are refused. */
export function toBody({ set, unset, mask, isText, ifVersion, dryRun, ...why }: ChangeRequest & Provenance): object {
  return {
    ...(set !== undefined && { set: toValue(set, ANY, 'set') }),
    ...(unset !== undefined && { unset }),
    ...(mask !== undefined && { mask }),
    ...(isText !== undefined && { isText }),
    ...(ifVersion !== undefined && { ifVersion }),
    ...(dryRun !== undefined && { dryRun }),
    ...toWhy(why),
  }
}

/** Who asks is told by the token, and from where by the connection: only why is said. */
export const toWhy = ({ reason, comment }: Provenance): object => ({
  ...(reason !== undefined && { reason }),
  ...(comment !== undefined && { comment }),
})

/** The `set` of a change that puts `value` at `path`. */
export function toSet(path: Path, value: unknown): Readonly<Record<string, unknown>> {
  const [first, ...rest] = path
  if (rest.length === 0) return { '': { [first!]: value } }
  return { [first!]: rest.reduceRight<unknown>((below, segment) => ({ [segment]: below }), value) }
}
