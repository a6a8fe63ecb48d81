import fc from 'fast-check'
import type { Authorship } from '../../src/model/change.ts'
import { Doc } from '../../src/model/document.ts'
import type { Layer } from '../../src/model/layer.ts'
import { LIMITS } from '../../src/model/limits.ts'
import { parsePath } from '../../src/model/path.ts'
import { Snapshot } from '../../src/model/snapshot.ts'
import { freeze, type Tree, toValue, type Value } from '../../src/model/value.ts'

/**
 * Names that have broken other programs. A lone backslash is not among them: once V8 14.6 has parsed it as a key, `JSON.parse` takes later keys
 * that begin with an escape for it (https://github.com/nodejs/node/issues/63785).
 */
export const HOSTILE = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  '.',
  '"',
  "'",
  'a\\',
  '[0]',
  'é',
  '\u{1F600}',
  '$',
]

export const hostileKey = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 1, arbitrary: fc.constantFrom(...HOSTILE) },
)

/** Keys that meet, so that layers, overrides and edits touch the same places. */
export const smallKey = fc.constantFrom('a', 'b', 'c', '__proto__')

const scalar = fc.oneof(
  fc.constantFrom<Value>(null, true, false, 0, 1, 'x', ''),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
)

/** Any JSON value, a few levels deep, made a `Value` as every way in does. */
export const anyValue: fc.Arbitrary<Value> = fc
  .letrec<{ value: unknown; tree: unknown }>((tie) => ({
    value: fc.oneof({ depthSize: 'small', maxDepth: 4 }, scalar, fc.array(scalar, { maxLength: 3 }), tie('tree')),
    tree: fc.dictionary(hostileKey, tie('value'), { maxKeys: 4, noNullPrototype: false }),
  }))
  .value.map((input) => toValue(input, LIMITS))

/** A tree whose keys meet those of others. */
export const anyTree: fc.Arbitrary<Tree> = fc
  .letrec<{ value: unknown; tree: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', maxDepth: 3 },
      { weight: 2, arbitrary: fc.constantFrom<unknown>(0, 1, 'x', null, [1]) },
      { weight: 2, arbitrary: tie('tree') },
    ),
    tree: fc.dictionary(smallKey, tie('value'), { maxKeys: 3 }),
  }))
  .tree.map((input) => toValue(input, LIMITS) as Tree)

export const anyPath = fc.array(smallKey, { minLength: 1, maxLength: 3 })

export const layer = (name: string, tree: Tree, more: Partial<Layer> = {}): Layer => ({
  name,
  kind: 'inline',
  isPinned: false,
  interpolates: false,
  documents: new Map(Object.entries(tree).map(([key, value]) => [key, Doc.of(freeze(value))])),
  ...more,
})

export const snapshotOf = (...layers: readonly Layer[]): Snapshot => new Snapshot({ layers, overrides: new Map() })

/** Who made a change; each call another author, so that overrides can be told apart. */
export const author = (createdBy = 'alice'): Authorship => ({
  createdAt: '2026-11-01T12:00:00.000Z',
  createdBy,
  reason: null,
  comment: null,
  origin: { versionId: 1 },
})

export const at = (snapshot: Snapshot, path: string): Value | undefined => snapshot.sealedAt(parsePath(path))
