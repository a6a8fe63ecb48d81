// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what is tested
import { describe, expect, it } from 'vitest'
import { type Step, stage } from '../../src/model/change.ts'
import { Doc } from '../../src/model/document.ts'
import { baselineDrift, detectDrift, overrideDrift } from '../../src/model/drift.ts'
import { parsePath, printPath } from '../../src/model/path.ts'
import { leavesOf, type Reveal, Snapshot } from '../../src/model/snapshot.ts'
import type { Tree, Value } from '../../src/model/value.ts'
import { author, layer, snapshotOf } from './samples.ts'

const base = snapshotOf(
  layer('base', { banner: 'hi', server: { port: 4949, tls: { on: true } }, empty: {}, nothing: null }),
)
const set = (path: string, value: Value): Step => ({ kind: 'set', path: parsePath(path), value })
const mask = (path: string): Step => ({ kind: 'mask', path: parsePath(path) })
const over = (snapshot: Snapshot, ...steps: readonly Step[]): Snapshot => stage(snapshot, steps, author()).after
const same = (_: readonly string[], value: Value | undefined): Value | undefined => value

describe('a snapshot', () => {
  it('answers by printed path, and `undefined` is absent while null is a value', () => {
    expect(base.get('server.port')).toBe(4949)
    expect(base.get('server.tls')).toEqual({ on: true })
    expect(base.get('server . "port"')).toBe(4949)
    expect(base.get('nothing')).toBeNull()
    expect(base.get('server.port.x')).toBeUndefined()
    expect(base.get('server.constructor')).toBeUndefined()
    expect(base.get('__proto__')).toBeUndefined()
    expect(() => base.get('server..port')).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('lists sections by name, and the empty name first where there are keys outside any', () => {
    expect(base.sections()).toEqual(['', 'empty', 'server'])
    expect(snapshotOf(layer('base', { b: { x: 1 }, a: { x: 1 } })).sections()).toEqual(['a', 'b'])
    expect(base.items('')).toEqual({ banner: 'hi', nothing: null })
    expect(base.items('server')).toEqual({ port: 4949, tls: { on: true } })
    expect(base.items('banner')).toEqual({})
    expect(base.items('unknown')).toEqual({})
  })

  it('gives out only what is frozen', () => {
    const given = [base.items('server'), base.items(''), base.tree(), base.get('server.tls'), base.items('unknown')]
    for (const value of given) expect(Object.isFrozen(value)).toBe(true)
  })

  it('says of a key whether an override decides about it', () => {
    const snapshot = over(base, set('server.port', 1), set('empty', {}), mask('server.tls'))
    expect(snapshot.isOverridden('server', 'port')).toBe(true)
    expect(snapshot.isOverridden('server', 'tls.on')).toBe(true)
    expect(snapshot.isOverridden('empty', 'x')).toBe(true)
    expect(snapshot.isOverridden('', 'banner')).toBe(false)
    expect(snapshot.isOverridden('server', 'other')).toBe(false)
  })

  it('reveals values only where there may be something to reveal, and once', () => {
    const seen: string[] = []
    const reveal: Reveal = (_, path, value) => {
      seen.push(printPath(path))
      return typeof value === 'string' ? `<${value}>` : value
    }
    const tree: Tree = { plain: { a: 'x' }, refers: { a: '${X}' } }
    const documents = new Map(Object.entries(tree).map(([name, value]) => [name, Doc.of(value)]))
    const snapshot = new Snapshot({ layers: [layer('base', tree)], overrides: new Map(), effective: documents, reveal })
    expect([snapshot.get('plain.a'), snapshot.get('refers.a'), snapshot.get('refers.a')]).toEqual([
      'x',
      '<${X}>',
      '<${X}>',
    ])
    expect(seen).toEqual(['refers.a'])
    expect(snapshot.sealedAt(['refers', 'a'])).toBe('${X}')
  })

  it('tells its leaves in the order of names, of one section or all', () => {
    const found = (section?: string) => [...leavesOf(base, section)].map(({ path }) => printPath(path))
    expect(found()).toEqual(['banner', 'empty', 'nothing', 'server.port', 'server.tls.on'])
    expect(found('server')).toEqual(['server.port', 'server.tls.on'])
    expect(found('')).toEqual(['banner', 'nothing'])
    expect(found('banner')).toEqual([])
  })

  it('has an empty one before the first version', () => {
    expect(Snapshot.EMPTY.sections()).toEqual([])
    expect(Snapshot.EMPTY.tree()).toEqual({})
  })
})

describe('a document', () => {
  it('has value and text of each other, null too', () => {
    for (const value of [null, false, 0, '', {}, { b: [1, { a: null }] }] as Value[]) {
      const parsed = Doc.parse(Doc.of(value).text)
      expect(parsed.value).toEqual(value)
      expect(parsed.equals(Doc.of(value))).toBe(true)
      expect(Object.isFrozen(parsed.value)).toBe(true)
    }
    expect(Doc.of(1).equals(undefined)).toBe(false)
    expect(Doc.of({ a: 1, b: 2 }).equals(Doc.parse('{"a":1,"b":2}'))).toBe(true)
  })

  it('knows where its keys stand, and again when they have moved', () => {
    const doc = Doc.of({ a: 1, __proto__: null }, '{"s.a":[3,1],"__proto__":[4,1]}')
    expect(doc.positionOf(['s', 'a'])).toEqual({ line: 3, column: 1 })
    expect(doc.positionOf(['__proto__'])).toEqual({ line: 4, column: 1 })
    expect(doc.positionOf(['constructor'])).toBeUndefined()
    doc.relocate('{"s.a":[9,2]}')
    expect(doc.positionOf(['s', 'a'])).toEqual({ line: 9, column: 2 })
    expect(Doc.of(1).positionOf(['s'])).toBeUndefined()
  })

  it('is plain where nothing in it is encrypted or refers to anything', () => {
    expect([{ a: 'x' }, { a: '${X}' }, { a: ['holdfast:secret:1:k:v'] }].map((value) => Doc.of(value).isPlain)).toEqual(
      [true, false, false],
    )
  })
})

describe('drift', () => {
  const drifted = over(base, set('server.port', 5050), set('new.key', [1]), mask('banner'), set('server.tls.on', true))

  it('of overrides is told as base and override, a missing side undefined, and redundant ones not at all', () => {
    expect(detectDrift(drifted, { conceal: same })).toEqual({
      server: { port: [4949, 5050] },
      new: { key: [undefined, [1]] },
      '': { banner: ['hi', undefined] },
    })
    expect(detectDrift(drifted, { conceal: same }, 'server')).toEqual({ server: { port: [4949, 5050] } })
    expect(detectDrift(base, { conceal: same })).toEqual({})
  })

  it('of overrides is told in detail with state, author and time', () => {
    const entries = overrideDrift(drifted, { isKnown: (path) => path[0] !== 'new', conceal: same })
    expect(entries.map(({ path, state, isMask }) => [path, state, isMask])).toEqual([
      ['server.port', 'intentional', false],
      ['server.tls.on', 'redundant', false],
      ['new.key', 'orphaned', false],
      ['banner', 'intentional', true],
    ])
    expect(entries[0]).toMatchObject({
      kind: 'override',
      section: 'server',
      key: 'port',
      expected: 4949,
      actual: 5050,
      who: 'alice',
      version: 1,
      why: null,
    })
    expect(entries[3]).not.toHaveProperty('actual')
  })

  it('never shows what is to be concealed', () => {
    const conceal = () => 'hidden'
    expect(detectDrift(drifted, { conceal })['server']).toEqual({ port: ['hidden', 'hidden'] })
    expect(overrideDrift(drifted, { isKnown: () => true, conceal })[0]).toMatchObject({
      expected: 'hidden',
      actual: 'hidden',
    })
  })

  it('of a baseline is every leaf in which what is in effect differs from it', () => {
    expect(baselineDrift(base, drifted)).toEqual([
      { path: ['banner'], before: 'hi' },
      { path: ['new', 'key'], after: [1] },
      { path: ['server', 'port'], before: 4949, after: 5050 },
    ])
    expect(baselineDrift(base, base)).toEqual([])
  })

  it('keeps hostile names as ordinary keys', () => {
    const hostile = over(
      base,
      { kind: 'set', path: ['__proto__', 'polluted'], value: 1 },
      { kind: 'set', path: ['server', '__proto__', 'x'], value: 2 },
    )
    const drift = detectDrift(hostile, { conceal: same })
    expect(Object.keys(drift).sort()).toEqual(['__proto__', 'server'])
    expect(Object.getOwnPropertyDescriptor(drift, '__proto__')?.value).toEqual({ polluted: [undefined, 1] })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})
