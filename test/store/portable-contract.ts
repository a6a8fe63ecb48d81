import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backUpByCopy, restoreByCopy } from '../../src/store/copy-backup.ts'
import { sqlStore } from '../../src/store/sql.ts'
import { inspectBackup, readBackup } from '../../src/store/sqlite-restore.ts'
import { contentOf, nextOf } from './content.ts'
import { openedDriver, type Place } from './copying.ts'
import { HISTORIES, live } from './histories.ts'
import { grow, token, verify } from './samples.ts'
import { temporaryFolder } from './temporary.ts'

/** What a backup in one file is, of a store in whichever database, and put back into whichever database. */
export function portableContract(name: string, place: Place): void {
  const lived = async (seed: number) => {
    const driver = await openedDriver(await place())
    const store = sqlStore(driver)
    await live(store, fc.sample(HISTORIES, { numRuns: 1, seed }).flat())
    return { driver, store }
  }
  const newFile = () => join(temporaryFolder(), 'backup.db')

  describe(`${name}: a backup in one file`, () => {
    it('is a SQLite store of one moment, with all that the store has', async () => {
      const { driver, store } = await lived(1)
      const file = newFile()
      const heard: number[] = []
      const writing = (async () => {
        for (let i = 0; i < 20; i++) await grow(store, 'busy', [{ i }])
      })()
      await backUpByCopy(driver, file, (done, total) => heard.push(done / total))
      await writing
      expect(readdirSync(dirname(file))).toEqual(['backup.db'])
      expect(await inspectBackup(file, verify)).toEqual([])
      expect(Math.max(...heard)).toBeLessThanOrEqual(1)

      const quiet = newFile()
      await backUpByCopy(driver, quiet)
      const [before, after] = [await contentOf(driver), await readBackup(quiet, contentOf)]
      expect(after).toEqual(before)
    })

    it('never takes the place of a file, and leaves none where it fails', async () => {
      const { driver } = await lived(2)
      const file = newFile()
      writeFileSync(file, 'mine')
      await expect(backUpByCopy(driver, file)).rejects.toMatchObject({ code: 'exists' })
      expect(readFileSync(file, 'utf8')).toBe('mine')
      const read = () => Promise.reject(new Error('lost'))
      const failing = Object.assign(Object.create(driver) as typeof driver, { read })
      const other = newFile()
      await expect(backUpByCopy(failing, other)).rejects.toThrow('lost')
      expect(readdirSync(dirname(other))).toEqual([])
    })
  })

  describe(`${name}: a backup that is put back`, () => {
    it('is all that the store has then, without sessions, and goes on with its numbers', async () => {
      const [{ driver: source }, { driver, store }] = [await lived(3), await lived(4)]
      const file = newFile()
      await backUpByCopy(source, file)
      await store.sessions.insert({ id: 'x', tokenId: 't', createdAt: 'c', lastSeenAt: 'l', sourceIp: null })
      expect(await restoreByCopy(file, driver)).toBeNull()
      expect(await contentOf(driver)).toEqual(await contentOf(source))
      expect(await verify(store)).toEqual([])
      expect(await store.sessions.find('x')).toBeUndefined()
      expect(await nextOf(store)).toMatchObject({ version: expect.any(Number) })
      expect(existsSync(file)).toBe(true)
    })

    it('changes nothing where it cannot be put back whole', async () => {
      const { driver: source } = await lived(5)
      const { driver } = await lived(6)
      const [file, before] = [newFile(), await contentOf(driver)]
      await backUpByCopy(source, file)
      const onProgress = () => {
        throw new Error('cut')
      }
      await expect(restoreByCopy(file, driver, { onProgress })).rejects.toThrow('cut')
      expect(await contentOf(driver)).toEqual(before)
      await expect(restoreByCopy(join(dirname(file), 'none.db'), driver)).rejects.toMatchObject({ code: 'not-found' })
    })

    it('ends a move to another store, and half a copy', async () => {
      const { driver: source, store: kept } = await lived(7)
      const file = newFile()
      await backUpByCopy(source, file)
      const name = await place()
      const moved = sqlStore(await openedDriver(name))
      await moved.setMetadata('moved_to', 'elsewhere', 'now')
      await expect(moved.tokens.insert(token('a'))).rejects.toThrow('the store has moved to elsewhere')
      await restoreByCopy(file, await openedDriver(name, { copying: true }))
      await grow(moved, 'more', [{ a: 1 }])
      await grow(kept, 'more', [{ a: 1 }])
      expect((await moved.head('more'))?.id).toBe((await kept.head('more'))?.id)
    })
  })
}
