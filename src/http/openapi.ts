import type { TObject, TSchema } from 'typebox'
import { PATHS, type RouteName } from '../wire/paths.ts'
import { PROBLEM_TYPE } from '../wire/problem.ts'
import { ROUTES, type Route, type RouteAnswer, TAGS } from '../wire/routes.ts'
import * as schemas from '../wire/schemas.ts'
import * as storeSchemas from '../wire/schemas-store.ts'

type Json = Readonly<Record<string, unknown>>

/** Schemas that have a name: they stand once, and everything else refers to them. */
const NAMES: ReadonlyMap<unknown, string> = new Map(
  Object.entries({ ...schemas, ...storeSchemas }).flatMap(([name, schema]) =>
    typeof schema === 'object' && /^[A-Z]/.test(name) ? [[schema, name] as const] : [],
  ),
)

let made: Json | undefined

/** The description of the API, OpenAPI 3.1: made of the table by which the server validates. */
export function openapi(): Json {
  made ??= {
    openapi: '3.1.1',
    info: {
      title: 'Holdfast',
      version: '1',
      summary: 'Configuration that does not drift.',
      description: 'Overrides over a base you do not own: checked, versioned, explained and restorable.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: TAGS.map((name) => ({ name })),
    security: [{ token: [] }, { session: [] }],
    paths: paths(),
    components: {
      schemas: Object.fromEntries(Array.from(NAMES, ([schema, name]) => [name, plain(schema, true)])),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token: hf_…' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-holdfast', description: 'A session of a browser.' },
      },
    },
  }
  return made
}

function paths(): Json {
  const found: Record<string, Record<string, Json>> = {}
  for (const [name, [method, template]] of Object.entries(PATHS)) {
    found[template] ??= {}
    found[template][method.toLowerCase()] = operation(name as RouteName, ROUTES[name as RouteName])
  }
  return found
}

function operation(name: RouteName, route: Route): Json {
  const { summary, tag, scope, params, query, body } = route
  const parameters = [...parametersOf(params, 'path'), ...parametersOf(query, 'query'), ...headersOf(name)]
  return {
    operationId: name,
    summary,
    tags: [tag],
    description: scope === 'none' ? 'Needs no token.' : scope === 'token' ? 'Needs a token.' : `Needs \`${scope}\`.`,
    ...(scope === 'none' && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: requestBody(route, body) }),
    responses: responses(route),
  }
}

function parametersOf(schema: TObject | undefined, place: 'path' | 'query'): readonly Json[] {
  const required = (schema?.required ?? []) as readonly string[]
  return Object.entries(schema?.properties ?? {}).map(([name, each]) => {
    const { description, ...rest } = plain(each) as Json
    return {
      name,
      in: place,
      ...(description !== undefined && { description }),
      ...((place === 'path' || required.includes(name)) && { required: true }),
      schema: rest,
    }
  })
}

const HEADERS: Readonly<Partial<Record<RouteName, readonly (readonly [string, string])[]>>> = {
  readConfig: [['If-None-Match', 'The ETag that is known: 304 where it is still current.']],
  change: [
    ['If-Match', 'The ETag of the configuration that was read: 412 where it is another one.'],
    ['Idempotency-Key', 'The same request with the same key is made once, for 24 h.'],
  ],
  watch: [['Last-Event-ID', 'Where to go on.']],
}

function headersOf(name: RouteName): readonly Json[] {
  const known = HEADERS[name === 'setOverride' || name === 'endOverride' ? 'change' : name] ?? []
  return known.map(([header, description]) => ({ name: header, in: 'header', description, schema: { type: 'string' } }))
}

function requestBody({ example, isBodyOptional }: Route, body: TSchema): Json {
  const content = { schema: plain(body), ...(example !== undefined && { example }) }
  return { required: isBodyOptional !== true, content: { 'application/json': content } }
}

function responses({ answers }: Route): Json {
  const known = Object.entries(answers).map(([status, answer]) => [status, response(answer)])
  const refused = {
    description: 'Refused; nothing was changed, unless the code is `unknown`.',
    content: { [PROBLEM_TYPE]: { schema: plain(schemas.Problem) } },
  }
  return { ...Object.fromEntries(known), default: refused }
}

function response({ description, schema, type = 'application/json', example }: RouteAnswer): Json {
  if (schema === undefined && type === 'application/json') return { description }
  const content = { ...(schema && { schema: plain(schema) }), ...(example !== undefined && { example }) }
  return { description, content: { [type]: content } }
}

/** A schema as plain JSON, in which named ones are referred to. */
function plain(schema: unknown, isTop = false): unknown {
  const name = isTop ? undefined : NAMES.get(schema)
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` }
  if (Array.isArray(schema)) return schema.map((one) => plain(one))
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, plain(value)]))
}
