import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { migrateStore } from '../../src/engine/migrate-store.ts'
import { until } from '../engine/helpers.ts'
import { folder, NS, served } from './serving.ts'

describe('whether the server is well', () => {
  it('is told to anybody, kept by nobody, with the version of the program', async () => {
    const at = await served(folder())
    const answers = [await at.get('/livez', { token: null }), await at.get('/healthz', { token: null })]
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(answers[0]!.json).toEqual({ status: 'ok' })
    expect(answers[1]!.json).toEqual({ status: 'ok', version: expect.stringMatching(/^\d+\.\d+\.\d+/) })
    for (const { headers } of answers) expect(headers['cache-control']).toBe('no-store')
  })

  it('names neither a namespace, a source nor a file to those who have no token', async () => {
    const directory = folder()
    writeFileSync(join(directory, 'private.ini'), '[server]\nport = 1\n')
    const at = await served(directory, { namespaces: { payroll: { sources: ['private.ini'] } } })
    expect((await at.get('/readyz', { token: null })).json).toEqual({ isReady: true, reasons: [] })

    rmSync(join(directory, 'private.ini'))
    await at.ask('POST', '/api/v1/namespaces/payroll/sources/reload')
    await until(async () => (await at.get('/readyz', { token: null })).json.reasons.length > 0)
    const { status, text } = await at.get('/readyz', { token: null })
    expect(status).toBe(200)
    expect(text).toContain('a source or a schema cannot be loaded')
    expect(text).not.toMatch(/payroll|private/)
    expect(text).not.toContain(directory)
  })

  it('is told where the store has moved: reads go on, and what would change is refused with the name of the new one', async () => {
    const directory = folder()
    const at = await served(directory)
    await at.ask('PUT', `${NS}/overrides/a/x`, { body: { value: 1 } })
    const to = join(directory, 'moved.db')
    await migrateStore(join(directory, 'store.db'), to)
    const refused = await at.ask('PUT', `${NS}/overrides/a/x`, { body: { value: 2 } })
    expect([refused.status, refused.text]).toEqual([503, expect.stringContaining('moved to')])
    const { status, json } = await at.get('/readyz', { token: null })
    expect([status, json]).toEqual([503, { isReady: false, reasons: ['the store takes no writes'] }])
    expect((await at.get(`${NS}/config`)).json).toEqual({ a: { x: 1 } })
  })

  it('is asked as often as anybody likes', async () => {
    const at = await served(folder(), { addressRate: 10 })
    for (let i = 0; i < 30; i++) expect((await at.get('/readyz', { token: null })).status).toBe(200)
  })
})
