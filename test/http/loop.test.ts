import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openService } from '../../src/engine/service.ts'
import { toJson } from '../../src/http/json.ts'
import { localPrincipal } from '../../src/model/principal.ts'
import { folder, NS, served } from './serving.ts'

const ME = localPrincipal('me')
const ROWS = 600

/** Counts the turns of the event loop while `work` goes on. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0
  let isOver = false
  const ended = work.finally(() => {
    isOver = true
  })
  while (!isOver) {
    await new Promise(setImmediate)
    turns++
  }
  await ended
  return turns
}

async function filled(directory: string) {
  const service = await openService({
    directory,
    store: 'store.db',
    log: { info: () => undefined, warn: () => undefined },
  })
  const admin = service.admin(ME)
  await admin.createNamespace('default')
  const config = await service.config(ME, 'default')
  for (let i = 0; i < ROWS; i += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, n) => config.update(`s${n % 5}`, { text: 'x'.repeat(500) + i + n })),
    )
  }
  return { service, admin, config }
}

describe('long work', () => {
  it('leaves the event loop to others, and changes go on meanwhile', async () => {
    const directory = folder()
    const { service, admin, config } = await filled(directory)
    const works = {
      verify: () => admin.verify(),
      backup: () => admin.backup(join(directory, 'copy.db')),
      preview: () => admin.purge('default', { olderThan: 0, keep: 10, dryRun: true }),
      purge: () => admin.purge('default', { olderThan: 0, keep: 10 }),
    }
    for (const [name, work] of Object.entries(works)) {
      const change = config.update('during', { [name]: true })
      expect(await turnsDuring(Promise.all([work(), change])), name).toBeGreaterThan(1)
      expect((await change).version).not.toBeNull()
    }
    expect(config.items('during')).toEqual({ verify: true, backup: true, preview: true, purge: true })
    expect(await admin.verify()).toMatchObject({ ok: true, problems: [] })
    await service[Symbol.asyncDispose]()
  })

  it('tells how far it is, and the refusals of a thread are those of the store', async () => {
    const directory = folder()
    const { service, admin } = await filled(directory)
    const steps: string[] = []
    const note = (what: string) => (done: number, total: number) =>
      steps.push(`${what} ${done === total ? 'done' : 'under way'}`)
    await admin.verify({ onProgress: note('verify') })
    await admin.backup(join(directory, 'copy.db'), note('backup'))
    await admin.purge('default', { olderThan: 0, keep: 10, onProgress: note('purge') })
    expect([...new Set(steps)]).toEqual(
      expect.arrayContaining(['verify done', 'backup done', 'purge under way', 'purge done']),
    )
    const again = admin.backup(join(directory, 'copy.db'))
    await expect(again).rejects.toMatchObject({
      name: 'HoldfastError',
      code: 'exists',
      details: { what: expect.any(String) },
    })
    await expect(admin.verify({ namespace: 'none' })).rejects.toMatchObject({ code: 'not-found' })
    await service[Symbol.asyncDispose]()
    await expect(admin.stats()).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('a page of large values', () => {
  it('ends when it is large enough, and the next goes on from there', async () => {
    const at = await served(folder())
    const count = 80
    for (let i = 0; i < count; i++) await at.set({ big: { text: `${'x'.repeat(100_000)}${i}` } })
    const seen: number[] = []
    let pages = 0
    for (let cursor: string | null = ''; cursor !== null; pages++) {
      const { json, text } = await at.get(`${NS}/history?limit=1000${cursor && `&cursor=${cursor}`}`)
      expect(text.length).toBeLessThan(32 * 1024 * 1024)
      seen.push(...json.items.map(({ id }: { id: number }) => id))
      cursor = json.nextCursor
    }
    expect(pages).toBeGreaterThan(1)
    expect(seen).toHaveLength(count)
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => b - a))
  })
})

describe('the JSON of an answer', () => {
  it('is what JSON.stringify makes of it', async () => {
    const absent = fc.option(fc.jsonValue(), { nil: undefined })
    const answers = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.string(), absent),
      fc.array(fc.dictionary(fc.string(), absent)),
    )
    const isSame = async (answer: unknown): Promise<void> => {
      expect(await toJson(answer)).toBe(JSON.stringify(answer))
    }
    await fc.assert(fc.asyncProperty(answers, isSame))
  })
})
