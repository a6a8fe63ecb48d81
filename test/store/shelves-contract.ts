import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/store/store.ts'
import { leasesContract } from './leases-contract.ts'
import { outboxContract } from './outbox-contract.ts'
import { at, entry, token, verify, webhook, writeOf } from './samples.ts'

/**
 * What every store keeps beside the configuration, whatever database is under it. `open` gives an empty one; `again` another connection to the
 * same, where there can be one.
 */
export function shelvesContract(
  name: string,
  open: () => Promise<Store>,
  again?: (store: Store) => Promise<Store>,
): void {
  const ns = 'default'

  describe(`${name} keeps tokens`, () => {
    it('in the order they were made, as they were given', async () => {
      const { tokens } = await open()
      const full = token('b', {
        expiresAt: at(9),
        previousDigest: 'd',
        previousUntil: at(5),
        lastUsedAt: at(1),
        lastUsedIp: '::1',
      })
      await tokens.insert(full)
      await tokens.insert(token('a', { createdAt: '2000-01-01T00:00:00.000Z' }))
      expect(await tokens.all()).toEqual([full, token('a', { createdAt: '2000-01-01T00:00:00.000Z' })])
    })

    it('under a name that no other has, until it is revoked', async () => {
      const { tokens } = await open()
      await tokens.insert(token('a'))
      await expect(tokens.insert(token('a', { id: 'other' }))).rejects.toMatchObject({ code: 'exists' })
      await expect(tokens.insert(token('other', { id: 'id-a' }))).rejects.toMatchObject({ code: 'exists' })
      await tokens.revoke('id-a', at(1))
      await tokens.revoke('id-a', at(2))
      await tokens.insert(token('a', { id: 'other' }))
      expect((await tokens.all()).map(({ id, revokedAt }) => [id, revokedAt])).toEqual([
        ['id-a', at(1)],
        ['other', null],
      ])
    })

    it('and makes a first one once, also where it was revoked since', async () => {
      const { tokens } = await open()
      expect(await tokens.insertFirst(token('a'))).toBe(true)
      await tokens.revoke('id-a', at(1))
      expect(await tokens.insertFirst(token('b'))).toBe(false)
      expect((await tokens.all()).map((row) => row.name)).toEqual(['a'])
    })

    it('and rotates them', async () => {
      const { tokens } = await open()
      await tokens.insert(token('a'))
      await tokens.insert(token('b'))
      const change = { digest: 'new', previousDigest: token('a').digest, previousUntil: at(5) }
      await tokens.rotate('id-a', change)
      expect(await tokens.all()).toEqual([token('a', change), token('b')])
      for (const gone of [tokens.rotate('none', change), tokens.revoke('none', at(1))])
        await expect(gone).rejects.toMatchObject({ code: 'not-found' })
    })

    it('and when each was used last, never going back', async () => {
      const { tokens } = await open()
      await tokens.insert(token('a'))
      await tokens.insert(token('b'))
      await tokens.touch([
        { id: 'id-a', at: at(2), ip: '192.0.2.1' },
        { id: 'id-a', at: at(1), ip: '192.0.2.2' },
        { id: 'none', at: at(1), ip: null },
      ])
      expect((await tokens.all()).map(({ lastUsedAt, lastUsedIp }) => [lastUsedAt, lastUsedIp])).toEqual([
        [at(2), '192.0.2.1'],
        [null, null],
      ])
    })
  })

  describe(`${name} keeps sessions`, () => {
    const session = (id: string, createdAt: string, lastSeenAt = createdAt) => ({
      id,
      tokenId: 'id-a',
      createdAt,
      lastSeenAt,
      sourceIp: null,
    })

    it('until they end', async () => {
      const { sessions } = await open()
      await sessions.insert(session('s', at(0)))
      await sessions.touch('s', at(5))
      await sessions.touch('s', at(4))
      await sessions.touch('none', at(5))
      expect(await sessions.find('s')).toEqual(session('s', at(0), at(5)))
      await sessions.delete('s')
      await sessions.delete('s')
      expect(await sessions.find('s')).toBeUndefined()
    })

    it('neither too long idle nor too long at all', async () => {
      const { sessions } = await open()
      const all = [session('old', at(0), at(9)), session('idle', at(5)), session('fine', at(5), at(9))]
      for (const row of all) await sessions.insert(row)
      expect(await sessions.deleteOld(at(3), at(8))).toBe(2)
      expect(await Promise.all(all.map(({ id }) => sessions.find(id)))).toEqual([undefined, undefined, all[2]])
    })
  })

  describe(`${name} keeps an audit log`, () => {
    it('newest first by number, in pages that stay right while entries are added', async () => {
      const { auditLog } = await open()
      await auditLog.append([entry({ at: at(9) }), entry({ at: at(1) }), entry({ count: 7, detail: 'a burst' })])
      const first = await auditLog.list({}, { limit: 2 })
      expect(first).toEqual([
        { id: 3, ...entry({ count: 7, detail: 'a burst' }) },
        { id: 2, ...entry({ at: at(1) }) },
      ])
      await auditLog.append([entry()])
      expect(await auditLog.list({}, { limit: 2, before: 2 })).toEqual([{ id: 1, ...entry({ at: at(9) }) }])
      await expect(auditLog.list({}, { limit: 0 })).rejects.toMatchObject({ code: 'malformed' })
    })

    it('filtered by what happened, who, token, address, namespace and time', async () => {
      const { auditLog } = await open()
      const others = {
        event: 'purged',
        who: 'bob',
        tokenId: 'id-b',
        sourceIp: '::1',
        namespace: 'b',
        at: at(5),
      } as const
      await auditLog.append([entry(), entry(others), entry({ who: null, tokenId: null, sourceIp: null, at: at(9) })])
      const ids = async (filter: Parameters<typeof auditLog.list>[0]) =>
        (await auditLog.list(filter, { limit: 9 })).map((row) => row.id)
      for (const one of ['event', 'who', 'tokenId', 'sourceIp', 'namespace'] as const)
        expect(await ids({ [one]: others[one] })).toEqual([2])
      expect(await ids({ since: at(5) })).toEqual([3, 2])
      expect(await ids({ until: at(5) })).toEqual([1])
      expect(await ids({ event: 'refused', since: at(1), until: at(9) })).toEqual([])
      expect(await ids({ who: 'alice', namespace: 'b' })).toEqual([])
    })

    it('limited to the namespaces that somebody may see', async () => {
      const { auditLog } = await open()
      const names = ['a', 'ab', 'a-1', 'a-2', 'b', 'A-3', null]
      await auditLog.append(names.map((namespace) => entry({ namespace })))
      const seen = async (...namespaces: string[]) =>
        (await auditLog.list({ namespaces }, { limit: 9 })).map((row) => row.namespace).reverse()
      expect(await seen('*')).toEqual(names)
      expect(await seen('b', '*')).toEqual(names)
      expect(await seen('a')).toEqual(['a'])
      expect(await seen('a-*', 'b')).toEqual(['a-1', 'a-2', 'b'])
      expect(await seen('a*')).toEqual(['a', 'ab', 'a-1', 'a-2'])
      expect(await seen('%', '_', 'none')).toEqual([])
      expect(await seen()).toEqual([])
      const both = await auditLog.list({ namespaces: ['a-*'], namespace: 'b' }, { limit: 9 })
      expect(both).toEqual([])
    })

    it('whose old entries go, and whose numbers are never given again', async () => {
      const { auditLog } = await open()
      await auditLog.append(Array.from({ length: 1203 }, (_, i) => entry({ at: at(i % 2) })))
      expect(await auditLog.deleteBefore(at(1))).toBe(602)
      expect(await auditLog.deleteBefore(at(2))).toBe(601)
      await auditLog.append([entry()])
      expect((await auditLog.list({}, { limit: 9 })).map((row) => row.id)).toEqual([1204])
    })

    it('and at which addresses a token was seen', async () => {
      const { auditLog } = await open()
      const seen = (id: string, ip: string) => auditLog.isNewAddress(id, ip, at(0))
      expect([await seen('a', '::1'), await seen('a', '::1'), await seen('a', '::2'), await seen('b', '::1')]).toEqual([
        true,
        false,
        true,
        true,
      ])
    })
  })

  describe(`${name} keeps answers for retries`, () => {
    const record = (key: string, createdAt = at(0)) => ({ owner: 'id-a', key, requestHash: 'h', createdAt })
    const once = (key: string, createdAt?: string) => ({ ...record(key, createdAt), answer: `{"to":"${key}"}` })

    it('with the version that each led to', async () => {
      const store = await open()
      const writes = [writeOf({}, { a: 1 }, { once: once('k1') }), writeOf({ a: 1 }, { a: 2 }, { once: once('k2') })]
      await store.commit(ns, 0, writes)
      await store.once.insert(ns, once('k3'))
      expect(await store.once.find(ns, 'id-a', 'k2')).toEqual({ ...once('k2'), versionId: 2 })
      expect(await store.once.find(ns, 'id-a', 'k3')).toEqual({ ...once('k3'), versionId: null })
      for (const [namespace, owner, key] of [['other', 'id-a', 'k1'] as const, [ns, 'id-b', 'k1'] as const])
        expect(await store.once.find(namespace, owner, key)).toBeUndefined()
      expect(await verify(store)).toEqual([])
    })

    it('and refuses a key that was used before, with all that was to be committed with it', async () => {
      const store = await open()
      await store.commit(ns, 0, [writeOf({}, { a: 1 }, { once: once('k') })])
      const writes = [writeOf({ a: 1 }, { a: 2 }), writeOf({ a: 2 }, { a: 3 }, { once: once('k') })]
      await expect(store.commit(ns, 1, writes)).rejects.toMatchObject({ code: 'exists' })
      await expect(store.once.insert(ns, once('k'))).rejects.toMatchObject({ code: 'exists' })
      const twice = [writeOf({ a: 1 }, { a: 2 }, { once: once('l') }), writeOf({ a: 2 }, { a: 3 }, { once: once('l') })]
      await expect(store.commit(ns, 1, twice)).rejects.toMatchObject({ code: 'exists' })
      expect(await store.head(ns)).toMatchObject({ id: 1 })
      expect(await store.once.find(ns, 'id-a', 'l')).toBeUndefined()
      await store.commit('other', 0, [writeOf({}, { a: 1 }, { once: once('k') })])
      expect(await verify(store)).toEqual([])
    })

    it('for a while', async () => {
      const store = await open()
      await store.once.insert(ns, once('old', at(0)))
      await store.once.insert(ns, once('young', at(9)))
      expect(await store.once.deleteBefore(at(9))).toBe(1)
      expect(await store.once.find(ns, 'id-a', 'old')).toBeUndefined()
      expect(await store.once.find(ns, 'id-a', 'young')).toMatchObject({ answer: '{"to":"young"}' })
    })
  })

  describe(`${name} keeps what instances report`, () => {
    const report = (id: string, version: number, reportedAt: string) => ({
      id,
      host: 'web-1',
      version,
      startVersion: 1,
      startedAt: at(0),
      reportedAt,
      reportedBy: 'svc',
    })

    it('the last of each, by namespace', async () => {
      const { instances } = await open()
      await instances.save(ns, report('b', 1, at(1)))
      await instances.save(ns, report('a', 1, at(1)))
      await instances.save(ns, report('b', 2, at(2)))
      await instances.save('other', report('b', 9, at(1)))
      expect(await instances.list(ns)).toEqual([report('a', 1, at(1)), report('b', 2, at(2))])
      expect(await instances.deleteBefore(at(2))).toBe(2)
      expect(await instances.list(ns)).toEqual([report('b', 2, at(2))])
      expect(await instances.list('other')).toEqual([])
    })
  })

  outboxContract(name, open)
  leasesContract(name, open, again)

  describe(`${name} forgets a namespace`, () => {
    it('with its instances, its answers and how far webhooks were told of it', async () => {
      const store = await open()
      const once = { owner: 'o', key: 'k', requestHash: 'h', createdAt: at(0), answer: '{}' }
      const common = { host: 'h', version: 1, startVersion: 1, startedAt: at(0), reportedAt: at(0), reportedBy: 'x' }
      for (const namespace of ['gone', 'stays']) {
        await store.commit(namespace, 0, [writeOf({}, { a: 1 }, { once })])
        await store.instances.save(namespace, { id: 'i', ...common })
      }
      await store.webhooks.insert(webhook('w'))
      await store.deleteNamespace('gone', at(1))
      const left = async (namespace: string) => [
        (await store.instances.list(namespace)).length,
        (await store.once.find(namespace, 'o', 'k'))?.versionId,
        await store.webhooks.cursor('w', namespace),
      ]
      expect(await left('gone')).toEqual([0, undefined, undefined])
      expect(await left('stays')).toEqual([1, 2, 2])
      expect(await verify(store)).toEqual([])
    })
  })

  describe(`${name} refuses`, () => {
    it('every call after it was closed', async () => {
      const store = await open()
      await store.close()
      const calls = [store.tokens.all(), store.once.find(ns, 'o', 'k'), store.schedules.begin('a', at(0), 'x')]
      for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'closed' })
    })
  })

  if (again) {
    describe(`${name} over two connections`, () => {
      it('makes one first token', async () => {
        const one = await open()
        const two = await again(one)
        const made = await Promise.all([one.tokens.insertFirst(token('a')), two.tokens.insertFirst(token('b'))])
        expect(made.toSorted()).toEqual([false, true])
        expect(await one.tokens.all()).toHaveLength(1)
        expect(await two.tokens.all()).toEqual(await one.tokens.all())
      })

      it('commits a change once, however often it is sent', async () => {
        const one = await open()
        const two = await again(one)
        for (let key = 0; key < 10; key++) {
          const once = { owner: 'o', key: `${key}`, requestHash: 'h', createdAt: at(0), answer: '{}' }
          const send = async (store: Store) => {
            const head = (await store.head(ns))?.id ?? 0
            await store.commit(ns, head, [writeOf({}, { a: key }, { once })])
          }
          const sent = await Promise.allSettled([send(one), send(two)])
          const refused = sent.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []))
          expect(refused).toEqual([expect.stringMatching(/^(conflict|exists)$/)])
          await expect(send(two)).rejects.toMatchObject({ code: 'exists' })
          expect(await one.once.find(ns, 'o', `${key}`)).toMatchObject({ versionId: key + 1 })
        }
        expect(await one.head(ns)).toMatchObject({ id: 10 })
        expect(await verify(one)).toEqual([])
      })

      it('tells a webhook of a change once', async () => {
        const one = await open()
        const two = await again(one)
        await one.webhooks.insert(webhook('w'))
        const move = { webhookId: 'w', namespace: ns, from: 0, to: 1 }
        const told = await Promise.allSettled([one.webhooks.enqueue([], move), two.webhooks.enqueue([], move)])
        expect(told.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'rejected'])
      })
    })
  }
}
