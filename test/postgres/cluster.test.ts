import { afterEach, expect, it } from 'vitest'
import { PostgresCluster } from './cluster.ts'
import { describeWithPostgres } from './describe.ts'

const COMMITS = 50

describeWithPostgres('a primary with its standby', () => {
  const clusters: PostgresCluster[] = []
  afterEach(async () => {
    for (const cluster of clusters.splice(0)) await cluster[Symbol.asyncDispose]()
  })
  async function started(): Promise<PostgresCluster> {
    const cluster = await PostgresCluster.start()
    clusters.push(cluster)
    return cluster
  }

  it('loses no row that was committed when the primary is killed and the standby promoted, again and again', async () => {
    const cluster = await started()
    const ports = cluster.ports
    await cluster.primary.query('CREATE TABLE kept (n int)')
    for (let turn = 0; turn < 2; turn++) {
      for (let n = 0; n < COMMITS; n++)
        await cluster.primary.query('INSERT INTO kept VALUES ($1)', [turn * COMMITS + n])
      await cluster.primary.kill()
      await cluster.promote()
      expect(await cluster.primary.query('SELECT count(*)::int AS n, max(n) FROM kept')).toEqual([
        { n: (turn + 1) * COMMITS, max: (turn + 1) * COMMITS - 1 },
      ])
      await cluster.rejoin()
    }
    expect(cluster.ports).toEqual(ports)
    expect(await cluster.standby.query('SELECT pg_is_in_recovery() AS is')).toEqual([{ is: true }])
  }, 120_000)

  it('does not commit what the standby has not got', async () => {
    const cluster = await started()
    await cluster.primary.query('CREATE TABLE kept (n int)')
    cluster.standby.pause()
    let isDone = false
    const committing = cluster.primary.query('INSERT INTO kept VALUES (1)').then(() => (isDone = true))
    await cluster.primary.query('SELECT pg_sleep(0.2)')
    expect(isDone).toBe(false)
    expect(await cluster.primary.query('SELECT * FROM kept')).toEqual([])
    cluster.standby.resume()
    await committing
  }, 60_000)

  it('refuses writes on the standby, and runs beside another one', async () => {
    const [first, second] = [await started(), await started()]
    await first.primary.query('CREATE TABLE only_here (n int)')
    await expect(first.standby.query('INSERT INTO only_here VALUES (1)')).rejects.toMatchObject({ code: '25006' })
    await expect(second.primary.query('SELECT * FROM only_here')).rejects.toMatchObject({ code: '42P01' })
    expect(new Set([...first.ports, ...second.ports]).size).toBe(4)
  }, 120_000)
})
