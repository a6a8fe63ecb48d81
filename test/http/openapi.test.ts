import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { openapi } from '../../src/http/openapi.ts'
import { PATHS, type RouteName } from '../../src/wire/paths.ts'
import { STATUS } from '../../src/wire/problem.ts'
import { ROUTES } from '../../src/wire/routes.ts'
import { folder, served } from './serving.ts'

const NAMES = Object.keys(PATHS) as RouteName[]

function checker() {
  const ajv = new Ajv2020({ strict: false })
  addFormats.default(ajv)
  return ajv
}

describe('the description of the API', () => {
  it('is OpenAPI 3.1 to an independent validator', async () => {
    const result = await new Validator().validate(structuredClone(openapi()) as Record<string, unknown>)
    expect(result).toMatchObject({ valid: true })
  })

  it('has every address of the table, and the table every address of the server', async () => {
    const described = Object.entries(openapi()['paths'] as object).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(described.sort()).toEqual(NAMES.map((name) => PATHS[name].join(' ')).sort())
    expect(Object.keys(ROUTES).sort()).toEqual(NAMES.toSorted())

    const at = await served(folder())
    for (const name of NAMES) {
      const [method, template] = PATHS[name]
      const path = template
        .replace('{ns}', 'default')
        .replace('{code}', 'invalid')
        .replace(/\{\w+\}/g, 'a1')
      const { json } = await at.ask('OPTIONS', path)
      expect([name, json]).toEqual([name, undefined])
      if (method !== 'GET') continue
      const answer = await at.get(`${path}${name === 'watch' ? '?since=nonsense' : ''}`)
      expect([name, answer.json?.what]).not.toEqual([name, 'address'])
    }
  })

  it('has examples that are as it says', () => {
    const ajv = checker()
    for (const name of NAMES) {
      const { body, example, answers } = ROUTES[name]
      if (body !== undefined) expect([name, ajv.validate(body, example), ajv.errors]).toEqual([name, true, null])
      for (const answer of Object.values(answers)) {
        if (answer.schema === undefined) continue
        expect([name, ajv.validate(answer.schema, answer.example), ajv.errors]).toEqual([name, true, null])
      }
    }
  })

  it('is what the server gives: answers are as their schemas say, with nothing left out', async () => {
    const at = await served(folder())
    const ajv = checker()
    await at.set({ server: { port: 5050 } })
    await at.ask('PUT', '/api/v1/namespaces/default/baseline', { body: { ref: 'latest' } })
    const named: Readonly<Record<string, string>> = {
      section: 'server',
      key: 'port',
      ref: 'latest',
      id: 'a1',
      name: 'a1',
    }
    for (const name of NAMES.filter(
      (one) => PATHS[one][0] === 'GET' && ROUTES[one].answers[200]?.schema !== undefined,
    )) {
      const path = PATHS[name][1].replace('{ns}', 'default').replace(/\{(\w+)\}/g, (_, key: string) => named[key]!)
      const { status, json } = await at.get(`${path}${name === 'compare' ? '?from=latest~1&to=latest' : ''}`)
      if (status === 404) expect(['readSession', 'listDeliveries']).toContain(name)
      else
        expect([name, status, ajv.validate(ROUTES[name].answers[200]!.schema!, json), ajv.errors]).toEqual([
          name,
          200,
          true,
          null,
        ])
    }
  })
})

describe('the pages', () => {
  it('need nothing but this server, and run no script', async () => {
    const at = await served(folder())
    for (const path of ['/docs', ...Object.keys(STATUS).map((code) => `/problems/${code}`)]) {
      const { status, text, headers } = await at.get(path, { token: null })
      expect([path, status]).toEqual([path, 200])
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'self'/)
      expect(text).not.toMatch(/<script|style=|https?:\/\/(?!127\.0\.0\.1|hooks\.example\.com)/)
    }
    expect((await at.get('/docs/style.css', { token: null })).headers['content-type']).toMatch(/^text\/css/)
    expect((await at.get('/problems/nope', { token: null })).status).toBe(404)
  })

  it('show how to ask each address', async () => {
    const at = await served(folder())
    const { text } = await at.get('/docs', { token: null })
    for (const name of NAMES) expect(text).toContain(`<article id="${name}">`)
    expect(text.match(/curl /g)).toHaveLength(NAMES.length)
  })

  it('say whether the server is well, and what it counts', async () => {
    const at = await served(folder())
    expect((await at.get('/livez', { token: null })).json).toEqual({ status: 'ok' })
    expect((await at.get('/readyz', { token: null })).json).toEqual({ isReady: true, reasons: [] })
    const { text } = await at.get('/metrics')
    expect(text).toContain('holdfast_http_requests_total{route="readyz",method="GET",status="200"} 1')
  })
})
