import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openServiceOn, type Service } from '../../src/engine/service.ts'
import type { ChangeEvent, ChangeResult } from '../../src/index.ts'
import { HoldfastError } from '../../src/model/errors.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { openThreaded } from '../../src/store/threaded.ts'
import { type Doubt, FaultyStore } from './faulty-store.ts'
import { folder, quiet, refusal, STORE, until } from './helpers.ts'
import { ROOT } from './service-helpers.ts'

interface World {
  readonly faulty: FaultyStore
  readonly service: Service
  readonly directory: string
}

async function world(directory = folder()): Promise<World> {
  const faulty = new FaultyStore(await openThreaded(join(directory, STORE)))
  const service = await openServiceOn(faulty.store, { directory, environment: {}, log: quiet })
  onTestFinished(() => service[Symbol.asyncDispose]())
  await service
    .admin(ROOT)
    .createNamespace('default')
    .catch(() => undefined)
  return { faulty, service, directory }
}

/** Every commit of a store in the order of `fates`, one after another and again. */
const inTurn = (...fates: readonly (Doubt | undefined)[]) => {
  let at = 0
  return () => fates[at++ % fates.length]
}

describe('a commit whose outcome is unknown', () => {
  it('is found out at once under its key, whether it was made or not', async () => {
    const { faulty, service } = await world()
    const config = await service.config(ROOT, 'default')
    const heard: number[] = []
    config.on('change', ({ version }) => heard.push(version.id))

    faulty.doubt = inTurn('made', undefined)
    const made = await config.change({ set: { s: { a: 1 } }, idempotencyKey: 'k1' })
    expect(made).toMatchObject({ version: { id: 2 }, changes: [{ key: 'a', newValue: 1 }] })

    faulty.doubt = inTurn('not made', undefined)
    const request = { set: { s: { a: 2 } }, idempotencyKey: 'k2' }
    expect(await refusal(config.change(request))).toMatchObject({ code: 'unknown' })
    expect(await config.change(request)).toMatchObject({ version: { id: 3 } })
    await until(() => heard.length === 2)
    expect(heard).toEqual([2, 3])
  })

  it('that was made is in the head before anything more is said of it', async () => {
    const { faulty, service } = await world()
    const config = await service.config(ROOT, 'default')
    await config.update('s', { a: 1 })
    const begun = Promise.withResolvers<void>()
    const fates = inTurn('made', undefined)
    faulty.doubt = () => {
      begun.resolve()
      return fates()
    }
    const lost = refusal(config.update('s', { a: 2 }))
    await begun.promise
    const back = config.update('s', { a: 1 })
    const dry = config.change({ set: { s: { a: 1 } }, dryRun: true })
    const late = refusal(config.change({ set: { s: { a: 3 } }, ifVersion: 2 }))
    expect(await lost).toMatchObject({ code: 'unknown' })
    expect(await late).toMatchObject({ code: 'conflict', details: { expected: 2 } })
    // In the order they came: what took it back is a version of its own, and a dry run after that would change nothing.
    expect(await back).toMatchObject({ version: { id: 4 }, changes: [{ oldValue: 2, newValue: 1 }] })
    expect((await dry).changes).toEqual([])
    expect(config.get('s.a')).toBe(1)
  })

  it('and that is made only later is taken in when it is, and repeated under its key is the same one', async () => {
    const { faulty, service } = await world()
    const config = await service.config(ROOT, 'default')
    const heard: number[] = []
    config.on('change', ({ version }) => heard.push(version.id))
    faulty.doubt = inTurn('made later', undefined)
    expect(await refusal(config.update('s', { a: 1 }))).toMatchObject({ code: 'unknown' })
    await until(() => config.get('s.a') === 1)
    expect(heard).toEqual([2])
  })

  for (const [name, open] of [
    ['a store', (file: string) => openSqlite(file)],
    ['a store on threads', (file: string) => openThreaded(file)],
  ] as const) {
    it(`of eight writers at once in ${name} is made once under each key, and told once`, {
      timeout: 120_000,
    }, async () => {
      const directory = folder()
      const faulty = new FaultyStore(await open(join(directory, STORE)))
      const service = await openServiceOn(faulty.store, { directory, environment: {}, log: quiet })
      onTestFinished(() => service[Symbol.asyncDispose]())
      await service.admin(ROOT).createNamespace('default')
      const config = await service.config(ROOT, 'default')
      const events: ChangeEvent[] = []
      config.on('change', (event) => events.push(event))

      faulty.doubt = inTurn('made', undefined, 'not made', 'made later', undefined, 'made', 'not made')
      const answers = new Map<string, ChangeResult>()
      await Promise.all(
        Array.from({ length: 8 }, async (_, writer) => {
          for (let n = 0; n < 25; n++) {
            const key = `w${writer}-${n}`
            // Every fourth says the same again: a change that changes nothing is remembered too.
            const set = { s: { [`w${writer}`]: n - (n % 4 === 3 ? 1 : 0), [`w${writer}x`]: 0 } }
            answers.set(key, await insistently(() => config.change({ set, idempotencyKey: key })))
          }
        }),
      )
      faulty.doubt = () => undefined
      await service.refresh('default')

      const ids = [...answers.values()].flatMap(({ version }) => (version === null ? [] : [version.id]))
      expect(new Set(ids).size).toBe(ids.length)
      const { items } = await config.versions.list({ limit: 1000 })
      const stored = items.map(({ id }) => id).reverse()
      expect(ids.toSorted((a, b) => a - b)).toEqual(stored.slice(1))
      await until(() => events.length >= ids.length)
      expect(events.map(({ version }) => version.id)).toEqual(stored.slice(1))
      for (const [key, { version, changes }] of answers) {
        const told = events.find((event) => event.version.id === version?.id)
        expect([key, changes]).toEqual([key, version === null ? [] : told?.changes])
      }
      const whole = await service.admin(ROOT).verify()
      expect(whole).toMatchObject({ ok: true })
    })
  }
})

/** Repeats what was left open, as a client does. */
async function insistently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!HoldfastError.is(error, 'unknown')) throw error
    }
  }
}

describe('a change for a version that another process made', () => {
  it('is judged by what that process committed, not by what is known here', async () => {
    const directory = folder()
    const here = await world(directory)
    const there = await world(directory)
    here.faulty.isDeaf = true
    const [config, other] = [await here.service.config(ROOT, 'default'), await there.service.config(ROOT, 'default')]
    const { version } = await other.update('s', { a: 1 })
    expect(config.get('s.a')).toBeUndefined()
    const result = await config.change({ set: { s: { a: 2 } }, ifVersion: version!.id })
    expect(result).toMatchObject({ version: { id: version!.id + 1 }, changes: [{ oldValue: 1, newValue: 2 }] })
    const late = await refusal(config.change({ set: { s: { a: 3 } }, ifVersion: version!.id }))
    expect(late).toMatchObject({ code: 'conflict', details: { expected: version!.id, found: version!.id + 1 } })
    const early = await refusal(config.change({ set: { s: { a: 3 } }, ifVersion: 99 }))
    expect(early).toMatchObject({ code: 'conflict', details: { expected: 99, found: version!.id + 1 } })
  })

  it('is refused as unavailable, not as a conflict, while that cannot be read', async () => {
    const { faulty, service } = await world()
    const config = await service.config(ROOT, 'default')
    faulty.goAway('failing')
    const error = await refusal(config.change({ set: { s: { a: 3 } }, ifVersion: 9 }))
    expect(error).toMatchObject({ code: 'unavailable', details: { retry: true } })
    faulty.comeBack()
    await until(async () => (await refusal(config.change({ set: { s: { a: 3 } }, ifVersion: 9 }))).code === 'conflict')
  })
})
