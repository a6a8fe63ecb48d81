import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { compileSchema } from '../../src/engine/validate.ts'
import { LIMITS } from '../../src/model/limits.ts'
import type { Tree } from '../../src/model/value.ts'

const compile = (schema: unknown) => compileSchema(schema, { limits: LIMITS })

describe('a zod schema', () => {
  const schema = z
    .object({
      server: z.strictObject({ port: z.number().int().max(65535).default(4949), host: z.string().optional() }),
      email: z.email().optional(),
      password: z.string().min(5).meta({ writeOnly: true }).optional(),
      expires: z.date().optional(),
    })
    .refine((config) => config.server.port !== 22, { error: 'port 22 is taken', path: ['server', 'port'] })

  it('is kept as the JSON Schema it offers, which tells types, defaults and secrets', async () => {
    const { schema: kept, reader, hasCode } = await compile(schema)
    expect(hasCode).toBe(true)
    expect(kept).toMatchObject({ type: 'object', properties: { server: { additionalProperties: false } } })
    expect(reader.describe(['server', 'port'])).toMatchObject({ types: ['integer'], default: 4949, maximum: 65535 })
    expect(reader.isSecret(['password'])).toBe(true)
    expect((await compile(kept)).check({ server: { port: 70_000 } })).toMatchObject([
      { path: 'server.port', code: 'maximum' },
    ])
  })

  it('checks by the kept schema and then by its code, each path once', async () => {
    const validator = await compile(schema)
    expect(validator.check({ server: { port: 22 } })).toEqual([])
    expect(await validator.validate({ server: { port: 22 } })).toMatchObject([
      { path: 'server.port', message: 'port 22 is taken' },
    ])
    expect(await validator.validate({ server: { port: 'x' } })).toEqual([
      { path: 'server.port', code: 'type', message: 'must be an integer, not text' },
    ])
    expect(await validator.validate({ server: { port: 23 }, email: 'a@b.example' })).toEqual([])
  })

  it('never tells a secret', async () => {
    const hidden = z.object({
      db: z.object({ password: z.string().meta({ writeOnly: true }), user: z.string() }).check((context) => {
        context.issues.push({ code: 'custom', message: `no user for ${context.value.password}`, input: context.value })
      }),
    })
    const issues = await (await compile(hidden)).validate({ db: { password: 'canary-1', user: 'u' } })
    expect(issues).toEqual([{ path: 'db', code: 'custom', message: 'is refused by the code of the schema' }])
    const short = await (await compile(schema)).validate({ server: { port: 1 }, password: 'ab' })
    expect(short).toMatchObject([{ path: 'password', code: 'minLength', message: 'must have at least 5 characters' }])
  })

  it('may check asynchronously, and patterns that only code can check stay with the code', async () => {
    const slow = z.object({
      a: z
        .string()
        .regex(/^(?!b)/)
        .refine(async (text) => text !== 'taken', 'is taken'),
    })
    const validator = await compile(slow)
    expect(validator.schema).toMatchObject({ properties: { a: { type: 'string' } } })
    expect(validator.check({ a: 'b' })).toEqual([])
    expect(await validator.validate({ a: 'b' })).toMatchObject([{ path: 'a', code: 'invalid_format' }])
    expect(await validator.validate({ a: 'taken' })).toMatchObject([{ path: 'a', message: 'is taken' }])
  })
})

describe('a valibot schema', () => {
  const schema = v.object({ a: v.number(), list: v.array(v.object({ 'b c': v.string() })) })

  it('is checked by its code only; the kept schema takes everything', async () => {
    const validator = await compile(schema)
    expect(validator.schema).toEqual({})
    expect(validator.check({ a: 'x' })).toEqual([])
    expect(await validator.validate({ a: 1, list: [] })).toEqual([])
  })

  it('has issues at printed paths, without the values it quotes', async () => {
    const issues = await (await compile(schema)).validate({ a: 'canary-2', list: [{ 'b c': 1 }] })
    expect(issues.map((issue) => issue.path)).toEqual(['a', 'list.0."b c"'])
    expect(JSON.stringify(issues)).not.toContain('canary')
  })
})

describe('any Standard Schema', () => {
  const standard = (validate: (value: unknown) => unknown, more: object = {}) =>
    Object.assign(() => undefined, { '~standard': { version: 1, vendor: 'test', validate, ...more } })

  it('may be a function, and its failure is an issue without its words', async () => {
    const validator = await compile(
      standard(() => {
        throw new TypeError('canary-3')
      }),
    )
    const issues = await validator.validate({ a: 1 } as Tree)
    expect(issues).toEqual([
      { path: '', code: 'failed', message: 'the code of the schema failed with TypeError instead of an answer' },
    ])
  })

  it('is taken without a JSON Schema where it cannot offer one', async () => {
    const jsonSchema = {
      input: () => {
        throw new Error('no')
      },
    }
    const validator = await compile(standard(() => ({ issues: [{ message: 'no' }] }), { jsonSchema }))
    expect(validator.schema).toEqual({})
    expect(await validator.validate({})).toEqual([{ path: '', code: 'custom', message: 'no' }])
  })

  it('is told a hundred issues of at most', async () => {
    const issues = Array.from({ length: 5_000 }, (_, i) => ({ message: 'no', path: [{ key: `k${i}` }] }))
    const found = await (await compile(standard(() => ({ issues })))).validate({})
    expect(found).toHaveLength(101)
  })
})
