import { describe, expect, it } from 'vitest'
import { canonical } from '../../src/model/canonical.ts'
import { sha256 } from '../../src/model/hash.ts'
import { parseRef } from '../../src/model/version.ts'
import type { Store } from '../../src/store/store.ts'
import { grow, stored, verify, writeOf } from './samples.ts'

/** What every store does, whatever database is under it. `open` gives an empty one. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  const ns = 'default'
  const find = (store: Store, ref: string) => store.find(ns, parseRef(ref))

  describe(`${name} appends versions`, () => {
    it('numbers them by one over all namespaces and chains them within each', async () => {
      const store = await open()
      const [a] = await grow(store, 'a', [{ x: 1 }])
      const [b] = await grow(store, 'b', [{ x: 1 }])
      const [c] = await grow(store, 'a', [{ x: 2 }])
      expect([a?.id, b?.id, c?.id]).toEqual([1, 2, 3])
      expect(a?.hash).toBe(b?.hash)
      expect(a?.chainHash).not.toBe(b?.chainHash)
      expect(await store.head('a')).toEqual(c)
      expect(await store.namespaces()).toEqual(['a', 'b'])
      expect(await verify(store)).toEqual([])
    })

    it('refuses a commit that was staged on an older head, and writes nothing of it', async () => {
      const store = await open()
      await grow(store, ns, [{ a: 1 }])
      const late = store.commit(ns, 0, [writeOf({}, { a: 2 })])
      await expect(late).rejects.toMatchObject({ code: 'conflict', details: { expected: 0, found: 1 } })
      expect(await store.configJson(ns, 1)).toBe('{"a":1}')
      expect((await store.versions(ns, { limit: 10 })).length).toBe(1)
    })

    it('writes a group whole or not at all', async () => {
      const store = await open()
      const taken = writeOf({ a: 1 }, { a: 2 }, { tags: ['v1'] })
      const both = store.commit(ns, 0, [writeOf({}, { a: 1 }, { tags: ['v1'] }), taken])
      await expect(both).rejects.toMatchObject({ code: 'exists' })
      expect(await store.head(ns)).toBeUndefined()
      expect(await store.history(ns, {}, { limit: 10 })).toEqual([])
      const versions = await store.commit(ns, 0, [writeOf({}, { a: 1 }), writeOf({ a: 1 }, { a: 2 })])
      expect(versions.map((version) => version.id)).toEqual([1, 2])
      expect(await store.configJson(ns, 1)).toBe('{"a":1}')
      expect(await verify(store)).toEqual([])
    })

    it('gives what it gave at commit when asked again', async () => {
      const store = await open()
      const write = writeOf(
        {},
        { a: 1 },
        { tags: ['b', 'a'], baseline: true, description: 'the first', cause: 'import' },
      )
      const [version] = await store.commit(ns, 0, [write])
      expect(version).toMatchObject({ tags: ['a', 'b'], isBaseline: true, description: 'the first', cause: 'import' })
      expect(await store.head(ns)).toEqual(version)
      expect(await store.versions(ns, { limit: 1 })).toEqual([version])
    })

    it('keeps commits of concurrent callers apart', async () => {
      const store = await open()
      const writes = Array.from({ length: 20 }, (_, i) => store.commit(`n${i}`, 0, [writeOf({}, { a: i })]))
      const reads = Array.from({ length: 20 }, (_, i) => store.state(`n${i}`))
      const ids = (await Promise.all(writes)).map(([version]) => version!.id)
      expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
      for (const state of await Promise.all(reads)) expect(state?.documents.length ?? 1).toBe(1)
      expect(await verify(store)).toEqual([])
    })
  })

  describe(`${name} keeps the past`, () => {
    const trees = [{ b: 1, a: { x: '"' } }, { b: 2 }, { b: 2, '\u{1F600}': [1], '\uFFFD': {} }, {}, { a: null }]

    it('has the canonical text of every version, whose SHA-256 is its hash', async () => {
      const store = await open()
      const versions = await grow(store, ns, trees)
      for (const [i, version] of versions.entries()) {
        const text = await store.configJson(ns, version.id)
        expect(text).toBe(canonical(trees[i]!))
        expect(sha256(text!)).toBe(version.hash)
      }
      expect(await store.configJson(ns, 99)).toBeUndefined()
      expect(await store.configJson('other', 1)).toBeUndefined()
    })

    it('knows the documents and overrides in force at every version', async () => {
      const store = await open()
      const versions = await grow(store, ns, trees)
      for (const [i, version] of versions.entries()) {
        const state = await store.state(ns, version.id)
        const names = Object.keys(trees[i]!).sort()
        expect(state?.version).toEqual(version)
        expect(state?.documents.map((document) => document.name)).toEqual(names)
        expect(state?.overrides.map((override) => override.key).sort()).toEqual(names)
      }
      expect(await store.state(ns)).toEqual(await store.state(ns, versions.at(-1)!.id))
      expect(await store.state(ns, 99)).toBeUndefined()
      expect(await store.state('other')).toBeUndefined()
    })

    it('gives overrides back as they were set', async () => {
      const store = await open()
      const write = writeOf({}, {}, { createdBy: 'bob' })
      const common = { section: 'db', reason: 'r', comment: 'c' }
      const set = { ...common, key: 'port', value: stored(5), baseValue: stored('x') }
      const mask = { ...common, key: 'host', value: { text: null, type: 'mask' }, baseValue: stored(null) } as const
      const [version] = await store.commit(ns, 0, [{ ...write, overrides: [set, mask] }])
      const [first, second] = (await store.state(ns))!.overrides
      const made = { createdAt: write.createdAt, createdBy: 'bob', versionId: version!.id }
      expect(first).toEqual({ ...mask, ...made, baseValue: { text: 'null', type: 'json' } })
      expect(second).toEqual({ ...set, ...made })
    })

    it('tells what came after a version', async () => {
      const store = await open()
      await grow(store, ns, [{ a: 1, b: 1 }, { a: 2, b: 1 }, { a: 3 }])
      await grow(store, 'other', [{ z: 1 }])
      const delta = await store.delta(ns, 1)
      expect(delta.versions.map((version) => version.id)).toEqual([2, 3])
      expect(delta.documents).toEqual([
        { layer: 'effective', name: 'a', content: '3', positions: null },
        { layer: 'effective', name: 'b', content: null },
      ])
      expect(delta.overrides).toMatchObject([
        { key: 'a', value: { text: '3' } },
        { key: 'b', value: null },
      ])
      expect(delta.history.map((row) => [row.versionId, row.operation, row.key])).toEqual([
        [2, 'UPDATE', 'a'],
        [3, 'UPDATE', 'a'],
        [3, 'DELETE', 'b'],
      ])
      const nothing = { versions: [], documents: [], overrides: [], history: [] }
      const part = await store.delta(ns, 1, 2)
      expect(part).toMatchObject({ versions: [{ id: 2 }], isWhole: true })
      expect(new Set(part.history.map((row) => row.versionId))).toEqual(new Set([2]))
      expect(await store.delta(ns, 3)).toEqual({ ...nothing, isWhole: true })
    })

    it('tells whether nothing is missing between a version and the newest', async () => {
      const store = await open()
      await grow(
        store,
        ns,
        Array.from({ length: 9 }, (_, i) => ({ a: i })),
      )
      await grow(store, 'other', [{ z: 1 }])
      await grow(store, ns, [{ a: 11 }])
      const whole = async (since: number) => (await store.delta(ns, since)).isWhole
      for (const since of [0, 1, 8, 9, 11]) expect(await whole(since)).toBe(true)
      for (const since of [10, 12, 99]) expect(await whole(since)).toBe(false)
      expect((await store.delta('none', 0)).isWhole).toBe(true)

      const at = '2030-01-01T00:00:00.000Z'
      for (const [i, versionId] of [2, 5].entries())
        await store.mark(ns, { kind: 'tag', tag: `t${i}`, versionId, createdAt: at, createdBy: 'alice' })
      await store.purge(ns, { before: at, keep: 3, by: 'alice', at, dryRun: false })
      expect((await store.versions(ns, { limit: 9 })).map((version) => version.id)).toEqual([11, 9, 8, 5, 2])
      for (const since of [0, 1, 2, 3, 5, 7]) expect(await whole(since)).toBe(false)
      for (const since of [8, 9, 11]) expect(await whole(since)).toBe(true)
    })

    it('streams every version with what its hashes cover and what it changed', async () => {
      const store = await open()
      const versions = await grow(
        store,
        ns,
        Array.from({ length: 120 }, (_, i) => ({ a: i, [`k${i % 7}`]: i })),
      )
      const texts = new Map<string, string>()
      let count = 0
      for await (const record of store.audit(ns)) {
        for (const { name, content } of record.documents) {
          if (content === null) texts.delete(name)
          else texts.set(name, content)
        }
        const rebuilt = Object.fromEntries([...texts].map(([key, text]) => [key, JSON.parse(text)]))
        expect(sha256(canonical(rebuilt))).toBe(record.version.hash)
        expect(record.version).toEqual(versions[count++])
      }
      expect(count).toBe(120)
      expect(await verify(store)).toEqual([])
    })
  })

  describe(`${name} finds versions`, () => {
    it('by number, tag, hash, latest, baseline and steps back, within the namespace', async () => {
      const store = await open()
      await grow(store, 'other', [{ o: 1 }])
      const [two, three, four] = await grow(store, ns, [{ a: 1 }, { a: 2 }, { a: 3 }])
      const at = { createdAt: '2027-01-01T00:00:00.000Z', createdBy: 'alice' }
      await store.mark(ns, { ...at, kind: 'tag', tag: 'release', versionId: 3 })
      await store.mark(ns, { ...at, kind: 'baseline', tag: '', versionId: 2 })
      expect(await find(store, '3')).toMatchObject({ id: 3, tags: ['release'] })
      expect(await find(store, 'release')).toMatchObject({ id: 3 })
      expect(await find(store, 'release~1')).toMatchObject({ id: 2, isBaseline: true })
      expect(await find(store, 'baseline')).toMatchObject({ id: 2 })
      expect(await find(store, 'latest')).toEqual(four)
      expect(await find(store, 'latest~1')).toMatchObject({ id: three!.id })
      expect(await find(store, `g${'0'.repeat(9)}`)).toBeUndefined()
      const name = { base: { kind: 'name', name: two!.hash.slice(0, 12).toUpperCase() }, back: 0 } as const
      expect(await store.find(ns, name)).toMatchObject({ id: 2 })
      for (const ref of ['1', '99', 'nothing', 'latest~3']) expect(await find(store, ref)).toBeUndefined()
    })

    it('by time, where the clock went back too', async () => {
      const store = await open()
      const times = ['10:00', '12:00', '11:00', '13:00'].map((time) => `2026-01-01T${time}:00.000Z`)
      for (const [i, createdAt] of times.entries()) await grow(store, ns, [{ a: i }], { createdAt })
      expect(await find(store, '@2026-01-01T09:00:00Z')).toBeUndefined()
      expect(await find(store, '@2026-01-01T10:30:00Z')).toMatchObject({ id: 1 })
      expect(await find(store, '@2026-01-01T12:30:00Z')).toMatchObject({ id: 3 })
      expect(await find(store, '@2026-01-01T13:00:00Z')).toMatchObject({ id: 4 })
    })

    it('prefers a tag to a hash, the newest of equal hashes, and names the candidates of an ambiguous one', async () => {
      const store = await open()
      const configHash = 'abcdef0123'.padEnd(64, '0')
      await grow(store, ns, [{ a: 1 }], { configHash })
      await grow(store, ns, [{ a: 2 }], { configHash })
      const name = (text: string) => store.find(ns, { base: { kind: 'name', name: text }, back: 0 })
      expect(await name('abcdef01')).toMatchObject({ id: 2 })
      await grow(store, ns, [{ a: 3 }], { configHash: 'abcdef0199'.padEnd(64, '0') })
      await expect(name('abcdef01')).rejects.toMatchObject({
        code: 'malformed',
        message: expect.stringContaining('version 3'),
      })
      const tag = (text: string) => store.find(ns, { base: { kind: 'tag', name: text }, back: 0 })
      expect(await tag('abcdef01')).toBeUndefined()
      await grow(store, ns, [{ a: 4 }], { tags: ['abcdef01'] })
      expect(await name('abcdef01')).toMatchObject({ id: 4 })
      expect(await tag('abcdef01')).toMatchObject({ id: 4 })
    })
  })

  describe(`${name} keeps marks`, () => {
    const at = { createdAt: '2027-01-01T00:00:00.000Z', createdBy: 'alice' }

    it('moves the baseline, and takes tags off', async () => {
      const store = await open()
      await grow(store, ns, [{ a: 1 }, { a: 2 }], { baseline: true })
      expect((await store.versions(ns, { limit: 9 })).map((version) => version.isBaseline)).toEqual([true, false])
      await store.mark(ns, { ...at, kind: 'tag', tag: 't', versionId: 1 })
      await store.mark(ns, { ...at, kind: 'tag', tag: 't', versionId: 1 })
      await store.mark(ns, { ...at, kind: 'untag', tag: 't', versionId: 1 })
      await store.mark(ns, { ...at, kind: 'tag', tag: 't', versionId: 2 })
      expect((await find(store, 't'))?.id).toBe(2)
      expect((await find(store, '1'))?.tags).toEqual([])
      expect(await verify(store)).toEqual([])
    })

    it('refuses a tag that another version has, and what is not there', async () => {
      const store = await open()
      await grow(store, ns, [{ a: 1 }, { a: 2 }])
      await store.mark(ns, { ...at, kind: 'tag', tag: 't', versionId: 1 })
      const mark = (kind: 'tag' | 'untag' | 'baseline', tag: string, versionId: number) =>
        store.mark(ns, { ...at, kind, tag, versionId })
      await expect(mark('tag', 't', 2)).rejects.toMatchObject({ code: 'exists' })
      await expect(mark('untag', 't', 2)).rejects.toMatchObject({ code: 'not-found' })
      await expect(mark('baseline', '', 9)).rejects.toMatchObject({ code: 'not-found' })
    })
  })

  describe(`${name} pages`, () => {
    it('versions and history, newest first, by number', async () => {
      const store = await open()
      await grow(
        store,
        ns,
        Array.from({ length: 25 }, (_, i) => ({ a: i })),
      )
      await grow(store, 'other', [{ a: 1 }])
      const first = await store.versions(ns, { limit: 10 })
      const second = await store.versions(ns, { limit: 10, before: first.at(-1)!.id })
      expect([...first, ...second].map((version) => version.id)).toEqual(Array.from({ length: 20 }, (_, i) => 25 - i))
      const page = await store.history(ns, {}, { limit: 3, before: 20 })
      expect(page.map((row) => row.id)).toEqual([19, 18, 17])
      for (const limit of [0, 1001, 1.5, Number.NaN]) {
        await expect(store.history(ns, {}, { limit })).rejects.toMatchObject({ code: 'malformed' })
      }
    })

    it('filters history by section, key, author, time and version', async () => {
      const store = await open()
      const entry = (section: string, key: string) =>
        ({ operation: 'UPDATE', layer: 'override', section, key, oldValue: stored(1), newValue: stored(2) }) as const
      const commit = (createdBy: string, createdAt: string, ...history: ReturnType<typeof entry>[]) =>
        grow(store, ns, [{}], { createdBy, createdAt, history })
      await commit('alice', '2026-01-01T00:00:00.000Z', entry('s', 'a'), entry('t', 'a'))
      await commit('bob', '2026-01-02T00:00:00.000Z', entry('s', 'b'))
      await commit('alice', '2026-01-03T00:00:00.000Z', entry('s', 'a'))
      const ids = async (filter: Parameters<Store['history']>[1]) =>
        (await store.history(ns, filter, { limit: 50 })).map((row) => row.id)
      expect(await ids({ section: 's' })).toEqual([4, 3, 1])
      expect(await ids({ section: 's', key: 'a' })).toEqual([4, 1])
      expect(await ids({ key: 'a' })).toEqual([4, 2, 1])
      expect(await ids({ by: 'bob' })).toEqual([3])
      expect(await ids({ since: '2026-01-02T00:00:00.000Z' })).toEqual([4, 3])
      expect(await ids({ until: '2026-01-02T00:00:00.000Z' })).toEqual([2, 1])
      expect(await ids({ version: 1 })).toEqual([2, 1])
      expect(await ids({ upTo: 2, section: 's' })).toEqual([3, 1])
      const last = await store.lastChanges(ns, {})
      expect(last.map((row) => [row.section, row.key, row.id])).toEqual([
        ['s', 'a', 4],
        ['s', 'b', 3],
        ['t', 'a', 2],
      ])
      const before = await store.lastChanges(ns, { section: 's', upTo: 2 })
      expect(before.map((row) => row.id)).toEqual([1, 3])
      expect(await store.lastChanges('other', {})).toEqual([])
    })
  })

  describe(`${name} keeps what has no version`, () => {
    it('how sources fared, and where the keys of their open documents stand', async () => {
      const store = await open()
      const layer = 'source:app.ini'
      const documents = [
        { layer, name: 'a', content: '1', positions: '{"a":[1,1]}' },
        { layer, name: 'b', content: '1', positions: null },
      ] as const
      await store.commit(ns, 0, [{ ...writeOf({}, {}), documents }])
      const state = { name: 'app.ini', error: null, fingerprint: '{}', loadedAt: 'x', checkedAt: 'x' }
      await store.saveSource(ns, { ...state, state: 'ok' })
      await store.saveSource(ns, { ...state, state: 'stale', error: 'gone' }, new Map([['a', '{"a":[9,1]}']]))
      expect(await store.sources(ns)).toEqual([{ ...state, state: 'stale', error: 'gone' }])
      expect((await store.state(ns))?.documents.map((document) => document.positions)).toEqual(['{"a":[9,1]}', null])
      expect(await verify(store)).toEqual([])
    })

    it('its metadata', async () => {
      const store = await open()
      await store.setMetadata('config_source', 'x', '2026-01-01T00:00:00.000Z')
      const metadata = await store.metadata()
      expect(metadata.get('config_source')).toBe('x')
      expect(metadata.get('schema_version')).toMatch(/^\d+$/)
      expect(metadata.get('instance_id')).toMatch(/^[0-9a-f-]{36}$/)
      expect(metadata.has('last_url_fetch')).toBe(true)
    })

    it('counts and sizes', async () => {
      const store = await open()
      await grow(store, ns, [{ a: 1 }, { a: 22 }, {}, { b: 1 }])
      const stats = await store.stats()
      expect(stats.bytes).toBeGreaterThan(0)
      expect(stats.namespaces).toMatchObject([
        { namespace: ns, versions: 4, history: 4, overrides: 1, documentBytes: 4 },
      ])
    })
  })

  describe(`${name} forgets`, () => {
    const plan = {
      before: '2030-01-01T00:00:00.000Z',
      keep: 3,
      by: 'alice',
      at: '2030-01-01T00:00:00.000Z',
      dryRun: false,
    }

    it('purges only what is older, beyond the number to keep, and neither newest, baseline nor tagged', async () => {
      const store = await open()
      await grow(
        store,
        ns,
        Array.from({ length: 20 }, (_, i) => ({ a: i, fixed: 'f' })),
      )
      await grow(store, 'other', [{ a: 1 }])
      const at = { createdAt: plan.at, createdBy: 'alice' }
      await store.mark(ns, { ...at, kind: 'tag', tag: 't', versionId: 5 })
      await store.mark(ns, { ...at, kind: 'baseline', tag: '', versionId: 9 })
      const before = await store.state(ns)
      const preview = await store.purge(ns, { ...plan, dryRun: true })
      expect(preview).toMatchObject({ versions: 15, history: 16 })
      expect(preview.bytes).toBeGreaterThan(0)
      expect((await store.versions(ns, { limit: 50 })).length).toBe(20)

      expect(await store.purge(ns, plan)).toMatchObject({ versions: 15, history: 16 })
      expect((await store.versions(ns, { limit: 50 })).map((version) => version.id)).toEqual([20, 19, 18, 9, 5])
      expect(await store.configJson(ns, 5)).toBe('{"a":4,"fixed":"f"}')
      expect(await store.configJson(ns, 9)).toBe('{"a":8,"fixed":"f"}')
      expect(await store.state(ns)).toEqual(before)
      expect(await find(store, '6')).toBeUndefined()
      expect(await find(store, 'latest~3')).toMatchObject({ id: 9 })
      expect(await verify(store)).toEqual([])
      expect(await store.purge(ns, plan)).toMatchObject({ versions: 0, history: 0 })
    })

    it('purges nothing that is young, and always keeps the newest', async () => {
      const store = await open()
      await grow(store, ns, [{ a: 1 }, { a: 2 }])
      expect(await store.purge(ns, { ...plan, before: '2000-01-01T00:00:00.000Z', keep: 0 })).toMatchObject({
        versions: 0,
      })
      expect(await store.purge(ns, { ...plan, keep: 0 })).toMatchObject({ versions: 1 })
      expect(await store.head(ns)).toMatchObject({ id: 2 })
    })

    it('verifies after purges that meet, and goes on growing its chain', async () => {
      const store = await open()
      await grow(
        store,
        ns,
        Array.from({ length: 12 }, (_, i) => ({ a: i })),
      )
      const at = { createdAt: plan.at, createdBy: 'alice' }
      await store.mark(ns, { ...at, kind: 'tag', tag: 't', versionId: 4 })
      await store.purge(ns, { ...plan, keep: 6 })
      expect(await verify(store)).toEqual([])
      await store.mark(ns, { ...at, kind: 'untag', tag: 't', versionId: 4 })
      await store.purge(ns, { ...plan, keep: 3 })
      expect(await verify(store)).toEqual([])
      const [next] = await grow(store, ns, [{ a: 100, b: 1 }])
      expect(next?.id).toBe(13)
      expect((await store.versions(ns, { limit: 50 })).map((version) => version.id)).toEqual([13, 12, 11, 10])
      expect(await verify(store)).toEqual([])
    })

    it('purges many versions in batches, telling how far it is', async () => {
      const store = await open()
      const writes = Array.from({ length: 350 }, (_, i) => writeOf({ a: i - 1 }, { a: i }))
      await store.commit(ns, 0, writes)
      const steps: number[] = []
      const result = await store.purge(ns, { ...plan, onProgress: (done) => steps.push(done) })
      expect(result.versions).toBe(347)
      expect(steps.length).toBeGreaterThan(2)
      expect(steps.at(-1)).toBe(347)
      expect(await verify(store)).toEqual([])
    })

    it('deletes a namespace at once, before its rows are removed too, and never gives its numbers again', async () => {
      const store = await open()
      await grow(store, ns, [{ a: 1 }])
      await grow(store, 'gone', [{ a: 1 }, { a: 2 }], { baseline: true })
      await store.deleteNamespace('gone', plan.at)
      const isGone = async () => {
        expect(await store.namespaces()).toEqual([ns])
        expect(await store.head('gone')).toBeUndefined()
        expect(await store.state('gone')).toBeUndefined()
        expect(await store.history('gone', {}, { limit: 10 })).toEqual([])
        expect(await store.lastChanges('gone', {})).toEqual([])
        expect((await store.stats()).namespaces).toMatchObject([{ namespace: ns }])
        expect(await verify(store)).toEqual([])
      }
      await isGone()
      expect(await store.clearDeleted()).toBe(6) // two of each: history, documents, overrides
      await isGone()
      expect(await store.clearDeleted()).toBe(0)
      expect((await grow(store, ns, [{ a: 2 }]))[0]?.id).toBe(4)
      expect((await store.history(ns, {}, { limit: 1 }))[0]?.id).toBe(4)
      expect(await verify(store)).toEqual([])
    })

    it('begins a namespace anew where one of its name was deleted, with nothing of that one in it', async () => {
      const store = await open()
      for (let again = 0; again < 3; again++) {
        await grow(store, 'team', [{ old: again, a: 1 }, { old: again }])
        await store.deleteNamespace('team', plan.at)
      }
      const [first] = await grow(store, 'team', [{ a: 2 }])
      expect(first?.id).toBe(7)
      expect(await store.configJson('team', 7)).toBe('{"a":2}')
      expect(await store.history('team', {}, { limit: 10 })).toHaveLength(1)
      expect(await store.clearDeleted()).toBe(0)
      expect((await store.state('team'))?.overrides.map(({ key }) => key)).toEqual(['a'])
      expect(await verify(store)).toEqual([])
    })

    it('removes the rows of a large namespace while others go on', { timeout: 120_000 }, async () => {
      const store = await open()
      const writes = Array.from({ length: 2000 }, (_, i) => writeOf({ a: i - 1 }, { a: i }))
      await store.commit('large', 0, writes)
      const [{ id } = { id: 0 }] = await grow(store, ns, [{ a: 1 }])
      await store.deleteNamespace('large', plan.at)
      const ended: string[] = []
      await Promise.all([
        store.clearDeleted().then((rows) => ended.push(`${rows} rows`)),
        store.commit(ns, id, [writeOf({ a: 1 }, { a: 2 })]).then(() => ended.push('commit')),
      ])
      expect(ended).toEqual(['commit', '6000 rows'])
      expect(await verify(store)).toEqual([])
    })
  })

  describe(`${name} ends`, () => {
    it('refuses every call after it was closed, and closes twice', async () => {
      const store = await open()
      await grow(store, ns, [{ a: 1 }])
      await store.close()
      await store.close()
      await expect(store.head(ns)).rejects.toMatchObject({ code: 'closed' })
      await expect(store.commit(ns, 1, [writeOf({}, { a: 2 })])).rejects.toMatchObject({ code: 'closed' })
    })

    it('finishes the commits it was given before', async () => {
      const store = await open()
      await grow(store, ns, [{ a: 1 }])
      const commit = store.commit(ns, 1, [writeOf({ a: 1 }, { a: 2 })])
      await new Promise((resolve) => setTimeout(resolve, 0))
      await store.close()
      expect((await commit).length).toBe(1)
    })
  })
}
