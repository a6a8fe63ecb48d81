import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ErrorCode, type ErrorDetails, HoldfastError } from '../../src/model/errors.ts'
import { fromProblem, STATUS, TITLES, toProblem } from '../../src/wire/problem.ts'

const DETAILS: ErrorDetails = {
  malformed: { what: 'x' },
  invalid: {
    issues: [{ path: 'a.b', code: 'type', message: 'no', allowed: [1, 2], source: 'f:1:2', didYouMean: 'a.c' }],
  },
  conflict: { expected: 1, found: 2, paths: ['a'] },
  'not-found': { what: 'x' },
  exists: { what: 'x' },
  forbidden: { action: 'admin', namespace: '*' },
  'too-large': { limit: 'depth', allowed: 1, found: 2 },
  syntax: { file: 'f', line: 1, column: 2 },
  source: { source: 'f' },
  'sources-differ': { given: ['a'], stored: ['b'] },
  unavailable: { store: 's', retry: false },
  unknown: { store: 's' },
  store: { store: 's' },
  key: { keyId: 'k' },
  unsupported: { what: 'x' },
  closed: { what: 'x' },
  unauthenticated: { reason: 'expired' },
  'rate-limited': { retryAfter: 7 },
  'key-reused': { key: 'k' },
  fenced: { lease: 'webhooks' },
  precondition: { expected: '"a"', found: '"b"' },
  method: { method: 'PUT', allowed: ['GET'] },
  'media-type': { found: 'text/plain', accepted: ['application/json'] },
}
const CODES = Object.keys(DETAILS) as ErrorCode[]

describe('a problem', () => {
  it.each(CODES)('tells a refusal (%s) so that the other side has the same', (code) => {
    const error = new HoldfastError(code, 'because', DETAILS[code])
    const problem = toProblem(error, 'r-1')
    expect(problem).toMatchObject({
      type: `/problems/${code}`,
      title: TITLES[code],
      status: STATUS[code],
      instance: 'r-1',
    })
    const back = fromProblem(problem.status, JSON.parse(JSON.stringify(problem)))
    expect([back.code, back.message, back.details]).toEqual([code, 'because', DETAILS[code]])
  })

  it('from a broken or hostile server is a refusal all the same, and bounded', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 400, max: 599 }),
        fc.jsonValue(),
        fc.constantFrom(...CODES, 'nope'),
        (status, any, code) => {
          for (const body of [any, { code, detail: any, issues: any, paths: any, retryAfter: any, allowed: any }]) {
            const error = fromProblem(status, body)
            expect(error).toBeInstanceOf(HoldfastError)
            expect(Object.hasOwn(STATUS, error.code)).toBe(true)
          }
        },
      ),
    )
    const long = fromProblem(422, {
      code: 'invalid',
      detail: 'x'.repeat(1e6),
      issues: Array(1e5).fill({ path: 'y'.repeat(1e5) }),
    })
    expect(JSON.stringify([long.message, long.details]).length).toBeLessThan(5e6)
  })

  it('without a code is what its status says', () => {
    const codes = [400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 500, 502, 503, 418].map(
      (status) => fromProblem(status, undefined).code,
    )
    expect(codes).toEqual([
      'malformed',
      'unauthenticated',
      'forbidden',
      'not-found',
      'conflict',
      'precondition',
      'too-large',
      'media-type',
      'invalid',
      'rate-limited',
      'unavailable',
      'unavailable',
      'unavailable',
      'malformed',
    ])
  })
})
