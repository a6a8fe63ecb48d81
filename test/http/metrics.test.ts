import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ServeOptions } from '../../src/server.ts'
import { until } from '../engine/helpers.ts'
import { type Family, parseMetrics } from './prometheus.ts'
import { folder, NS, type Served, served } from './serving.ts'

async function metricsOf(at: Served, token = at.admin): Promise<ReadonlyMap<string, Family>> {
  const { status, text, headers } = await at.get('/metrics', { token })
  expect(status).toBe(200)
  expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
  return parseMetrics(text)
}

/** The value of a family's only sample that has these labels. */
function valueIn(
  all: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = all
    .get(name)
    ?.samples.filter((one) => Object.entries(labels).every(([label, text]) => one.labels[label] === text))
  expect(found?.length ?? 0, name).toBeLessThanOrEqual(1)
  return found?.[0]?.value
}

describe('metrics', () => {
  it('count requests by their route’s name, method and status, refusals by code, and versions by cause', async () => {
    const at = await served(folder())
    const id = await at.set({ server: { port: 1 } })
    for (let i = 0; i < 3; i++) await at.get(`${NS}/config`)
    await at.get(`${NS}/config/nothing`)
    await at.ask('POST', `${NS}/changes`, { body: { set: { a: { b: 1 } }, ifVersion: 1 } })
    await at.get('/api/v1/nowhere')
    await at.ask('BREW', '/api/v1/nowhere')
    const all = await metricsOf(at)

    const requests = 'holdfast_http_requests_total'
    expect(valueIn(all, requests, { route: 'readConfig', method: 'GET', status: '200' })).toBe(3)
    expect(valueIn(all, requests, { route: 'change', method: 'POST', status: '201' })).toBe(1)
    expect(valueIn(all, requests, { route: 'change', method: 'POST', status: '409' })).toBe(1)
    expect(valueIn(all, requests, { route: 'unknown', method: 'GET' })).toBe(1)
    expect(valueIn(all, 'holdfast_http_request_duration_seconds', { route: 'readConfig', le: '+Inf' })).toBe(3)
    expect(valueIn(all, 'holdfast_refusals_total', { code: 'conflict' })).toBe(1)
    expect(valueIn(all, 'holdfast_refusals_total', { code: 'not-found' })).toBeGreaterThanOrEqual(2)
    expect(valueIn(all, 'holdfast_changes_total', { namespace: 'default', cause: 'change' })).toBe(1)
    expect(valueIn(all, 'holdfast_version', { namespace: 'default' })).toBe(id)
  })

  it('tell of the store, its queues, its sources, its drift, its timed work and its process', async () => {
    const directory = folder()
    writeFileSync(join(directory, 'base.ini'), '[server]\nport = 1\nhost = a\n')
    const options: ServeOptions = {
      namespaces: { default: { sources: ['base.ini'] } },
      schedules: [{ name: 'nightly', task: 'check-drift', cron: '0 3 * * *' }],
    }
    const at = await served(directory, options)
    await at.ask('PUT', `${NS}/baseline`, { body: { ref: 'latest' } })
    await at.set({ server: { port: 2 }, other: { x: 1 } })
    await at.ask('POST', '/api/v1/schedules/nightly/run')
    const all = await metricsOf(at)

    expect(valueIn(all, 'holdfast_ready')).toBe(1)
    expect(valueIn(all, 'holdfast_drift', { namespace: 'default', kind: 'override' })).toBe(2)
    expect(valueIn(all, 'holdfast_drift', { namespace: 'default', kind: 'baseline' })).toBe(2)
    expect(valueIn(all, 'holdfast_drift', { namespace: 'default', kind: 'instance' })).toBe(0)
    expect(valueIn(all, 'holdfast_source_stale', { namespace: 'default', source: 'base.ini' })).toBe(0)
    expect(valueIn(all, 'holdfast_source_loaded_timestamp_seconds', { source: 'base.ini' })).toBeGreaterThan(1e9)
    expect(valueIn(all, 'holdfast_store_bytes', { part: 'file' })).toBeGreaterThan(4096)
    expect(valueIn(all, 'holdfast_store_bytes', { part: 'wal' })).toBeGreaterThan(0)
    for (const queue of ['changes', 'deliveries', 'audit'])
      expect(valueIn(all, 'holdfast_queue_length', { queue })).toBeGreaterThanOrEqual(0)
    expect(valueIn(all, 'holdfast_schedule_last_run_timestamp_seconds', { schedule: 'nightly' })).toBeGreaterThan(1e9)
    expect(valueIn(all, 'holdfast_watchers')).toBe(0)
    expect(valueIn(all, 'holdfast_event_loop_delay_seconds', { quantile: '1' })).toBeGreaterThanOrEqual(0)
    expect(valueIn(all, 'process_resident_memory_bytes')).toBeGreaterThan(1e6)
    expect(valueIn(all, 'process_cpu_seconds_total')).toBeGreaterThan(0)

    const grown = () =>
      metricsOf(at).then((found) => valueIn(found, 'holdfast_store_growth_bytes', { window: 'hour' })!)
    const before = await grown()
    for (let i = 0; i < 4; i++) await at.set({ big: { text: `${i}`.repeat(100_000) } })
    expect((await grown()) - before).toBeGreaterThan(400_000)
    const { growth } = (await at.get('/api/v1/stats')).json
    expect(growth).toEqual({ hour: await grown(), day: await grown() })

    rmSync(join(directory, 'base.ini'))
    await at.ask('POST', `${NS}/sources/reload`)
    await until(async () => valueIn(await metricsOf(at), 'holdfast_source_stale', { source: 'base.ini' }) === 1)
  })

  it('need a token, and show of namespaces only those that it may look into', async () => {
    const at = await served(folder())
    await at.ask('PUT', '/api/v1/namespaces/payroll')
    await at.set({ a: { b: 1 } })
    expect((await at.get('/metrics', { token: null })).status).toBe(401)
    const writer = await at.token('writer', [{ actions: ['config:write'], namespaces: ['*'] }])
    expect((await at.get('/metrics', { token: writer })).status).toBe(403)

    const reader = await at.token('reader', [{ actions: ['config:read'], namespaces: ['def*'] }])
    const { text } = await at.get('/metrics', { token: reader })
    expect(text).not.toContain('payroll')
    expect(valueIn(parseMetrics(text), 'holdfast_version', { namespace: 'default' })).toBeGreaterThan(0)
    expect(valueIn(await metricsOf(at), 'holdfast_version', { namespace: 'payroll' })).toBeGreaterThan(0)
  })

  it('have no key, no value, no token and nothing that a caller made up in their labels', async () => {
    const at = await served(folder())
    await at.set({ canarysection: { canarykey: 'canaryvalue' } })
    await at.get(`${NS}/config/canarysection/canarykey?canary=1`)
    await at.get('/canaryaddress', { token: 'hf_canarytoken' })
    await at.ask('CANARY', '/livez', { token: null })
    await at.get('/api/v1/namespaces/canarynamespace/config')
    const { text } = await at.get('/metrics')
    expect(text).not.toMatch(/canary/i)
    expect(text).not.toContain(at.admin)
  })
})
