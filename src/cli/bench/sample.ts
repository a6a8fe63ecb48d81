import { byteLength, canonical } from '../../model/canonical.ts'
import type { ChangeRequest, Provenance } from '../../model/config.ts'
import type { Tree } from '../../model/value.ts'

/** A change of one key, and the value it sets, by which its event is known. */
export interface SampleChange {
  readonly value: number
  readonly request: ChangeRequest & Provenance
}

/** The configuration that is measured with, and its changes. */
export interface Sample {
  readonly bytes: number
  readonly sections: readonly string[]
  readonly keys: number
  /** Sets all of it, in as many changes as the limits of one change want. */
  readonly fill: readonly (ChangeRequest & Provenance)[]
  /** How many changes it has told. */
  readonly made: number
  /** A change of the next section in turn, to a value that was never set before. */
  next(): SampleChange
}

/** What stands in each section for the changes. */
export const NUMBER = 'n'

const SMALL = { sections: 20, bytes: 250 }
const SECTION_BYTES = 5000
const FILLED_AT_ONCE = 40
const TEXT = 'cn=reader,ou=services,dc=example'
const WHY = { reason: 'holdfast bench' } as const

/** A configuration of about `size` bytes: up to 20 sections of 250 bytes, beyond that larger ones, beyond 100 kB more of them. */
export function sampleOf(size: number): Sample {
  const most = Math.ceil(size / SECTION_BYTES)
  const count = Math.max(Math.min(SMALL.sections, Math.round(size / SMALL.bytes)), most)
  const names = Array.from({ length: count }, (_, i) => `section-${i}`)
  const tree: Tree = Object.fromEntries(names.map((name) => [name, section(size / count - name.length)]))
  let value = 0
  return {
    bytes: byteLength(canonical(tree)),
    sections: names,
    keys: Object.values(tree).reduce<number>((sum, keys) => sum + Object.keys(keys as Tree).length, 0),
    fill: chunks(names).map((some) => ({ set: Object.fromEntries(some.map((name) => [name, tree[name]])), ...WHY })),
    get made() {
      return value
    },
    next() {
      value++
      const name = names[value % names.length]!
      return { value, request: { set: { [name]: { [NUMBER]: value } }, ...WHY } }
    },
  }
}

function section(bytes: number): Tree {
  const least = `"","${NUMBER}":0,`.length
  const each = `"text-00":"${TEXT}",`.length
  const texts = Math.max(0, Math.round((bytes - least) / each))
  return Object.fromEntries([[NUMBER, 0], ...Array.from({ length: texts }, (_, i) => [`text-${i}`, TEXT])])
}

const chunks = (names: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: Math.ceil(names.length / FILLED_AT_ONCE) }, (_, i) =>
    names.slice(i * FILLED_AT_ONCE, (i + 1) * FILLED_AT_ONCE),
  )
