import { describe, expect, it } from 'vitest'
import { traceOf } from '../../src/http/trace.ts'
import { folder, NS, type Served, served } from './serving.ts'

const TRACE = 'a'.repeat(32)
const SPAN = 'b'.repeat(16)
const VALID = [
  [`00-${TRACE}-${SPAN}-01`, { traceId: TRACE, parentId: SPAN, isSampled: true }],
  [`00-${TRACE}-${SPAN}-02`, { traceId: TRACE, parentId: SPAN, isSampled: false }],
  [`cc-${TRACE}-${SPAN}-01-what-the-future-brings`, { traceId: TRACE, parentId: SPAN, isSampled: true }],
] as const
const INVALID = [
  '',
  `ff-${TRACE}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `cc-${TRACE}-${SPAN}-01.more`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-1`,
  `00-${TRACE}-${SPAN}`,
  `00_${TRACE}_${SPAN}_01`,
  ` 00-${TRACE}-${SPAN}-01`,
]

type Line = Readonly<Record<string, unknown>> & { readonly message: string }

async function logged(logRequests?: 'all' | 'changes' | 'none'): Promise<{ at: Served; lines: Line[] }> {
  const lines: Line[] = []
  const info = (details: object, message: string): void => void lines.push({ ...details, message })
  const at = await served(folder(), { log: { info, warn: info }, ...(logRequests && { logRequests }) })
  lines.length = 0
  return { at, lines }
}

const requests = (lines: readonly Line[]): readonly Line[] => lines.filter(({ message }) => message === 'request')

describe('the log', () => {
  it('has a line for each request that changes something or is refused, by its template and its token’s id', async () => {
    const { at, lines } = await logged()
    await at.get(`${NS}/config`)
    const { headers } = await at.ask('POST', `${NS}/changes`, { body: { set: { server: { port: 1 } } } })
    await at.get(`${NS}/config/server/none`)
    await at.get(`${NS}/config`, { token: null })

    const { tokenId } = (await at.get('/api/v1/whoami')).json
    expect(requests(lines)).toMatchObject([
      { method: 'POST', route: '/api/v1/namespaces/{ns}/changes', namespace: 'default', status: 201, tokenId },
      { method: 'GET', route: '/api/v1/namespaces/{ns}/config/{section}/{key}', status: 404, code: 'not-found' },
      { method: 'GET', route: '/api/v1/namespaces/{ns}/config', status: 401, code: 'unauthenticated' },
    ])
    expect(requests(lines)[0]!.requestId).toBe(headers['request-id'])
    expect(requests(lines)[0]!.ms).toEqual(expect.any(Number))
  })

  it('has a line for every request, or for none, where that is asked for', async () => {
    const all = await logged('all')
    await all.at.get(`${NS}/config`)
    await all.at.get(`${NS}/config`)
    expect(requests(all.lines)).toMatchObject([
      { route: '/api/v1/namespaces/{ns}/config', status: 200 },
      { route: '/api/v1/namespaces/{ns}/config', status: 200 },
    ])
    const none = await logged('none')
    await none.at.get(`${NS}/config/a`)
    expect(requests(none.lines)).toEqual([])
  })

  it('keeps the head of the chain of every change, and who made it', async () => {
    const { at, lines } = await logged()
    const id = await at.set({ server: { port: 1 } })
    const version = (await at.get(`${NS}/versions/${id}`)).json
    const change = lines.find(({ message }) => message === 'change')
    expect(change).toMatchObject({ namespace: 'default', version: id, chainHash: version.chainHash, changes: 1 })
    expect(change!.who).toBe(version.createdBy)
  })

  it('has no token, no value, no key, no query and no header in it', async () => {
    const { at, lines } = await logged('all')
    await at.set({ canarysection: { canarykey: 'canaryvalue' } })
    await at.get(`${NS}/config/canarysection?explain=true`, {
      headers: { cookie: 'canarycookie=1', 'x-canary': 'canaryheader' },
    })
    await at.get(`${NS}/config/canaryabsent/canarykey`)
    await at.get('/canaryaddress?canaryquery=1', { token: 'hf_canarytoken' })
    const text = JSON.stringify(lines)
    expect(requests(lines)).toHaveLength(4)
    expect(text).not.toContain('canary')
    expect(text).not.toContain(at.admin)
  })
})

describe('a trace', () => {
  it('that somebody began goes on in the log and in refusals, with a span of its own', async () => {
    const { at, lines } = await logged()
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`
    const { json } = await at.get(`${NS}/config/none`, { headers: { traceparent } })
    expect(json).toMatchObject({ code: 'not-found', traceId })
    expect(requests(lines)).toMatchObject([
      { traceId, parentId: '00f067aa0ba902b7', spanId: expect.stringMatching(/^[0-9a-f]{16}$/) },
    ])
    expect(requests(lines)[0]!.spanId).not.toBe('00f067aa0ba902b7')
  })

  it('of a request that made a version is found by the version, which webhooks tell', async () => {
    const { at, lines } = await logged()
    const headers = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }
    const { json } = await at.ask('POST', `${NS}/changes`, { body: { set: { a: { b: 1 } } }, headers })
    await at.ask('POST', `${NS}/changes`, { body: { set: { a: { b: 1 } } }, headers })
    await expect.poll(() => requests(lines)).toHaveLength(2)
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    expect(requests(lines)).toMatchObject([{ status: 201, version: json.version.id, traceId }, { status: 200 }])
    expect(requests(lines)[1]).not.toHaveProperty('version')
  })

  it.each(VALID)('is read as the specification says: %s', (traceparent, expected) => {
    expect(traceOf({ headers: { traceparent } })).toEqual(expected)
  })

  it.each(INVALID)('is none where its header is not valid: %j', (traceparent) => {
    expect(traceOf({ headers: { traceparent } })).toBeUndefined()
  })
})
