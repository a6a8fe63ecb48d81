import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openDriver } from '../../src/engine/open.ts'
import { storeName } from '../../src/model/config.ts'
import { sqlStore } from '../../src/store/sql.ts'
import { contentOf, nextOf } from './content.ts'
import { begin, copied, openedDriver, openedStore, type Place } from './copying.ts'
import { HISTORIES, live, moveKeys, sourceDocument } from './histories.ts'
import { start } from './processes.ts'
import { at, entry, grow, token, verify, webhook, writeOf } from './samples.ts'

export interface ContractOptions {
  /** Histories that are copied. */
  readonly runs: number
  /** Commits of which database, and which of them, a copy is killed after, one time after another. */
  readonly kills: readonly (readonly ['source' | 'target', number])[]
}

/** What a store moved into another database is, whichever two they are. */
export function copyContract(name: string, source: Place, target: Place, { runs, kills }: ContractOptions): void {
  describe(`${name}: a store that is copied`, () => {
    it('answers everything as before, verifies, and goes on with the same numbers', async () => {
      await fc.assert(
        fc.asyncProperty(HISTORIES, async (deeds) => {
          const [from, to] = [await source(), await target()]
          const before = await openedStore(from)
          await live(before, deeds)
          const report = await copied(from, to, { keepSource: true, check: async () => undefined })
          const after = await openedStore(to)
          expect(await contentOf(after.driver)).toEqual(await contentOf(before.driver))
          expect(await verify(after)).toEqual([])
          expect(await nextOf(after)).toEqual(await nextOf(before))
          expect(report).toMatchObject({ namespaces: (await before.namespaces()).length - 1 })
          await before.close()
          await after.close()
        }),
        { numRuns: runs },
      )
    }, 120_000)

    it('takes in what happened meanwhile: purges, deletions, other positions, other tokens', async () => {
      const [from, to] = [await source(), await target()]
      await begin(from)
      const busy = await openedStore(from)
      await busy.tokens.insert(token('early'))
      await busy.commit('src', 0, [sourceWrite('{"s":1}')])
      await moveKeys(busy, 'src', 'one', 1)
      await grow(busy, 'doomed', [{ a: 1 }, { b: 1 }])
      await busy.webhooks.insert(webhook('w'))

      const meanwhile = async () => {
        await grow(busy, 'a', [{ a: 4 }, { a: 5 }])
        await busy.purge('a', { before: '2099-01-01T00:00:00.000Z', keep: 2, by: 'p', at: at(1), dryRun: false })
        await busy.deleteNamespace('doomed', at(2))
        await grow(busy, 'doomed', [{ c: 1 }, { d: 1 }])
        await moveKeys(busy, 'src', 'one', 2)
        await busy.commit('src', (await busy.head('src'))!.id, [sourceWrite('{"s":2}')])
        await moveKeys(busy, 'src', 'one', 3)
        await busy.tokens.revoke('id-early', at(3))
        await busy.tokens.insert(token('early', { id: 'other' }))
        await busy.auditLog.append([entry({ subject: 'late' })])
        await busy.auditLog.deleteBefore(at(1))
        await busy.once.deleteBefore('2099-01-01T00:00:00.000Z')
        await busy.once.insert('a', { owner: 'o', key: 'late', requestHash: 'h', createdAt: at(4), answer: '{}' })
        await busy.webhooks.delete('w')
      }
      await copied(from, to, { keepSource: true, check: meanwhile })
      const after = await openedStore(to)
      expect(await contentOf(after.driver)).toEqual(await contentOf(busy.driver))
      expect(await verify(after)).toEqual([])
      expect(await nextOf(after)).toEqual(await nextOf(busy))
    }, 60_000)

    it('loses nothing that another process has written, and keeps that process from writing more', async () => {
      const [from, to] = [await source(), await target()]
      await begin(from)
      const writer = start('write-until-refused.ts', [from])
      let said = ''
      writer.process.stdout!.on('data', (text: string) => (said += text))
      await until(() => said.split('\n').length > 20)
      const report = await copied(from, to, { check: async () => undefined })
      const { code, stdout, stderr } = await writer.finished
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const lines = stdout.trim().split('\n')
      expect(lines.at(-1)).toContain(`has moved to ${storeName(to)}`)

      const after = await openedStore(to)
      for (const line of lines.slice(0, -1)) {
        const [id, chain] = line.split(' ')
        const [found] = await after.versions('busy', { limit: 1, before: Number(id) + 1 })
        expect(found).toMatchObject({ id: Number(id), chainHash: chain })
      }
      expect(report.versions).toBeGreaterThanOrEqual(lines.length - 1)
      expect(await verify(after)).toEqual([])
    }, 60_000)
  })

  describe(`${name}: a copy that was cut short`, () => {
    it('goes on after SIGKILL, at whichever write it came, also after the source has said that it moved', async () => {
      const [from, to] = [await source(), await target()]
      await begin(from)
      const before = await openedStore(from)
      const expected = await contentOf(before.driver)
      await before.close()
      for (const [where, nth] of kills) {
        const killed = await start('copy-and-die.ts', [from, to, where, `${nth}`]).finished
        expect(killed).toMatchObject({ signal: 'SIGKILL', stderr: '' })
      }
      const said = await openedDriver(from)
      expect((await sqlStore(said).metadata()).get('moved_to')).toBe(storeName(to))
      await expect(openDriver({ store: to })).rejects.toThrow(/is not whole yet/)
      await copied(from, to)
      const after = await openedStore(to)
      expect(await contentOf(after.driver)).toEqual(expected)
      expect(await nextOf(after)).toMatchObject({ version: expect.any(Number) })
    }, 120_000)
  })

  describe(`${name}: a store that has moved`, () => {
    it('refuses every write, also of who had it open, says where it is now, and can be read', async () => {
      const [from, to] = [await source(), await target()]
      const open = await openedStore(from)
      await grow(open, 'default', [{ a: 1 }])
      await copied(from, to)
      const late = await openedStore(from)
      for (const store of [open, late]) {
        const writes = [
          () => grow(store, 'default', [{ a: 2 }]),
          () => store.tokens.insert(token('late')),
          () => store.auditLog.append([entry()]),
          () => store.setMetadata('k', 'v', at(0)),
          () => store.deleteNamespace('default', at(0)),
        ]
        for (const write of writes) {
          const refused = write()
          await expect(refused).rejects.toMatchObject({ code: 'unavailable', details: { retry: false } })
          await expect(refused).rejects.toThrow(`the store has moved to ${storeName(to)}`)
        }
        expect(await store.configJson('default', 1)).toBe('{"a":1}')
      }
      await grow(await openedStore(to), 'default', [{ a: 2 }])
      await expect(copied(from, to)).rejects.toThrow(/has moved to .* already; there is nothing left to do/)
      await expect(copied(from, await target())).rejects.toThrow(/has moved to .*: move that one/)
    })
  })
}

const sourceWrite = (content: string) => writeOf({}, {}, { documents: [sourceDocument(content, 0)] })

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
}
