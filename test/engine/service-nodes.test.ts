import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSqlite } from '../../src/store/sqlite.ts'
import { folder, query, refusal, STORE, until, write } from './helpers.ts'
import { ROOT, serve } from './service-helpers.ts'

const sourced = (sources: readonly string[]) => ({ leaseMs: 20_000, namespaces: { default: { sources } } })

async function twoNodes() {
  const directory = folder()
  const source = write(directory, 'base.toml', 'a = 1')
  const a = await serve(directory, sourced([source]))
  const b = await serve(directory, sourced([source]))
  const [ofA, ofB] = [await a.config(ROOT, 'default'), await b.config(ROOT, 'default')]
  return { directory, a, b, ofA, ofB }
}

const causes = (directory: string) =>
  query<{ cause: string }>(directory, 'SELECT cause FROM version_log ORDER BY id').map(({ cause }) => cause)

describe('sources of a namespace that two servers are given', () => {
  it('are loaded by one, and the other has what that one committed', async () => {
    const { directory, a, b, ofB } = await twoNodes()
    expect([a, b].map((one) => one.health().map(({ loads }) => loads))).toEqual([[true], [false]])
    write(directory, 'base.toml', 'a = 2')
    await until(() => ofB.get('a') === 2)
    expect(causes(directory)).toEqual(['source', 'source'])
    rmSync(join(directory, 'base.toml'))
    await until(() => ofB.sources[0]?.state === 'stale')
    expect((await b.ready()).reasons.join()).toContain('base.toml')
  })

  it('are loaded by the other when the first ends', async () => {
    const { directory, a, b, ofB } = await twoNodes()
    await a[Symbol.asyncDispose]()
    await until(() => b.health()[0]!.loads)
    write(directory, 'base.toml', 'a = 3')
    await until(() => ofB.get('a') === 3)
    expect(causes(directory)).toEqual(['source', 'source'])
  })

  it('are loaded from then on by the one that somebody has load them', async () => {
    const { directory, a, b, ofA, ofB } = await twoNodes()
    await ofB.reload()
    expect(b.health()[0]!.loads).toBe(true)
    write(directory, 'base.toml', 'a = 4')
    await until(() => ofA.get('a') === 4 && ofB.get('a') === 4)
    expect(causes(directory)).toEqual(['source', 'source'])
    await ofA.reload()
    await until(() => a.health()[0]!.loads)
  })

  it('are not committed by one that was given up, while changes of people are', async () => {
    const directory = folder()
    const source = write(directory, 'base.toml', 'a = 1')
    const service = await serve(directory, { ...sourced([source]), leaseMs: 1e6 })
    const config = await service.config(ROOT, 'default')
    const store = await openSqlite(join(directory, STORE))
    const [node] = (await store.leases.list()).nodes
    expect(await store.leases.bury(node!)).toBe(true)
    await store.close()
    write(directory, 'base.toml', 'a = 5')
    const [late, ...changed] = await Promise.all([
      refusal(config.reload()),
      ...[1, 2, 3].map((n) => config.update('s', { [`k${n}`]: n })),
    ])
    expect(late.code).toBe('fenced')
    expect(changed.every(({ version }) => version !== null)).toBe(true)
    expect(causes(directory)).not.toContain(undefined)
    expect(causes(directory).filter((cause) => cause === 'source')).toHaveLength(1)
    expect(config.get('a')).toBe(1)
  })
})
