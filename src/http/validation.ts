import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { HoldfastError } from '../model/errors.ts'

const PLACES = { params: 'the address', querystring: 'the query', body: 'the body' } as const

let ajv: Ajv2020 | undefined

/** One for all servers of a process: the schemas are the same, and each is compiled once. */
function compile(schema: TSchema): ValidateFunction {
  ajv ??= addFormats.default(new Ajv2020({ strict: false, allErrors: false, ownProperties: true, messages: true }))
  return ajv.compile(schema)
}

/**
 * Checks what a request says against the schemas of its route. Nothing is filled in, dropped or read as another type, but numbers and flags of a
 * query. A schema is compiled when the first request needs it: all of them take 0.1 s of a server's start.
 */
export function validators(): FastifySchemaCompiler<TSchema> {
  return ({ schema, httpPart = 'body' }) => {
    let check: ValidateFunction | undefined
    const place = PLACES[httpPart as keyof typeof PLACES] ?? httpPart
    const read = httpPart === 'querystring' ? readerOf(schema) : (input: unknown) => input
    return (input: unknown) => {
      check ??= compile(schema)
      return judge(check, place, read(input))
    }
  }
}

function judge(check: ValidateFunction, place: string, value: unknown) {
  return check(value) ? { value } : { error: refusal(check.errors![0]!, place) }
}

type Fields = Readonly<Record<string, { readonly type?: string }>>

/** A query is text: what should be a number or a flag is read as one where it is written as one. */
function readerOf(schema: TSchema): (input: unknown) => unknown {
  const fields = (schema as { properties?: Fields }).properties ?? {}
  return (input) => {
    const found = Object.entries(input as Record<string, unknown>)
    return Object.fromEntries(
      found.map(([name, text]) => [name, readAs(Object.hasOwn(fields, name) ? fields[name]!.type : '', text)]),
    )
  }
}

function readAs(type: string | undefined, text: unknown): unknown {
  if (type === 'integer' && typeof text === 'string' && /^-?\d{1,16}$/.test(text)) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

/** What is wrong and where, without the value that was refused. */
function refusal({ instancePath, keyword, params, message = '' }: ErrorObject, place: string): HoldfastError {
  const where = instancePath.slice(1).replaceAll('/', '.')
  const at = where === '' ? place : `${where} in ${place}`
  const details = params as { additionalProperty?: string; missingProperty?: string; allowedValues?: unknown[] }
  if (keyword === 'additionalProperties') {
    const name = (details.additionalProperty ?? '').slice(0, 100)
    return malformed(`${at} has ${JSON.stringify(name)}, which is not known here`, name)
  }
  if (keyword === 'required')
    return malformed(`${at} lacks ${details.missingProperty}`, details.missingProperty ?? place)
  const allowed = details.allowedValues === undefined ? '' : `: ${details.allowedValues.join(', ')}`
  return malformed(`${at} ${message}${allowed}`, where === '' ? place : where)
}

const malformed = (message: string, what: string) => new HoldfastError('malformed', message, { what })
