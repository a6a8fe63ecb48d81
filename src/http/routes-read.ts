import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config, Explanation } from '../model/config.ts'
import { type Path, printPath } from '../model/path.ts'
import { type Answer, JSON_TYPE, send } from './answer.ts'
import { addressOf, type Call, configOf, goneSignal, type Handlers, register } from './call.ts'
import { isKnown } from './conditions.ts'
import { type Context, callerOf } from './context.ts'
import { waitOf } from './polls.ts'
import { authoriseSecrets, keysBelow, pathOf, read } from './reading.ts'
import { noteSecrets } from './secret-reads.ts'
import { pastSnapshotOf, snapshotOf } from './snapshot.ts'
import { type Body, type ConfigView, type ConfigViews, codedBody, codingOf, writeView } from './views.ts'

/** Reads of the configuration. */
export function registerReads(app: FastifyInstance, context: Context, views: ConfigViews): void {
  app.route({
    ...addressOf('readConfig'),
    handler: (request, reply) => readConfig({ context, views }, request, reply),
  })
  register(app, context, READS)
}

interface Reads {
  readonly context: Context
  readonly views: ConfigViews
}

type Query = Call<'readConfig'>['query']

/** The read that services make all the time: of nothing but the name, it is answered with bytes that are made already. */
async function readConfig(reads: Reads, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { context, views } = reads
  const caller = callerOf(request)
  const params = request.params as Call<'readConfig'>['params']
  const { ns } = params
  const query = request.query as Query
  const config = await configOf({ context, caller, params, query, reply })
  if (query.wait !== undefined && isWaiting(query)) await waitFor({ context, request, reply, config })
  if (query.at !== undefined || query.format !== undefined || query.reveal !== undefined)
    return send(request, reply, await readOther({ context, caller, config }, ns, query))
  const { service } = context
  const version = service.current(ns)
  const view = views.of(config, service.reach(caller.who, ns), version)
  if (service.staleSince() === undefined) return sendView(request, reply, view)
  const { plain, etag } = view
  return send(request, reply, { text: plain.bytes, type: JSON_TYPE, etag, version })
}

/** With `min` alone, `wait` is how long that may take. */
const isWaiting = ({ min, since }: Query): boolean => min === undefined || since !== undefined

async function waitFor({ context, request, reply, config }: Waiting): Promise<void> {
  const { wait = '0', since = config.version?.id ?? 0 } = request.query as Query
  await context.polls.newer(config, callerOf(request), { since, ms: waitOf(wait), gone: goneSignal(reply) })
}

interface Waiting {
  readonly context: Context
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly config: Config
}

async function readOther(
  { config, ...who }: Pick<Call<'readConfig'>, 'context' | 'caller'> & { readonly config: Config },
  ns: string,
  { at, ...wanted }: Query,
): Promise<Answer> {
  const source = at === undefined ? config : await config.at(at)
  const version = at === undefined ? config.version : await config.versions.get(at)
  return { ...(await read(who, source, ns, { path: [], ...wanted })), version }
}

/** Written past the framework's reply: it would look again at each header and at the body. */
async function sendView(request: FastifyRequest, reply: FastifyReply, view: ConfigView): Promise<FastifyReply> {
  const { headers, id: requestId } = request
  const status = isKnown(headers['if-none-match'], view.etag) ? 304 : 200
  const coding = status === 304 ? undefined : codingOf(view, headers['accept-encoding'])
  const body: Body = coding === undefined ? view.plain : await codedBody(view, coding)
  reply.hijack()
  writeView(reply.raw, view, { status, body, requestId })
  return reply
}

const READS: Handlers<'readSection' | 'readKey' | 'readSnapshot' | 'listOverrides' | 'listSources'> = {
  async readSection(call) {
    const path = pathOf(call.params)
    if (call.query.explain) return explainSection(call, path)
    return readPart(call, path)
  },
  async readKey(call) {
    const path = pathOf(call.params)
    if (!call.query.explain) return readPart(call, path)
    const config = await configOf(call)
    const [explanation] = await explain(call, config, { asked: path, keys: [path] })
    return { json: explanation, version: config.version }
  },
  async readSnapshot(call) {
    const { context, caller, params, query } = call
    const config = await configOf(call)
    const reveal = query.reveal === true
    if (reveal) authoriseSecrets(caller, params.ns, [])
    const answer = await (query.at === undefined
      ? snapshotOf(config, { reveal })
      : pastSnapshotOf(config, query.at, { reveal }))
    const version = answer.version ?? undefined
    if (!reveal) return { json: answer, version, etag: true }
    const { secrets: paths } = answer
    await noteSecrets(context, caller, { namespace: params.ns, asked: [], version: version?.id, paths })
    return { json: answer, version }
  },
  async listOverrides(call) {
    const config = await configOf(call)
    const { overrides, version } = await snapshotOf(config)
    const { section } = call.query
    const items = section === undefined ? overrides : overrides.filter((one) => one.section === section)
    return { json: items, ...(version && { version }) }
  },
  async listSources(call) {
    const config = await configOf(call)
    call.context.service.reach(call.caller.who, call.params.ns) // who may only write has a configuration too
    return { json: config.sources }
  },
}

interface Part extends Pick<Call<'readSection'>, 'context' | 'caller' | 'query' | 'reply'> {
  readonly params: { readonly ns: string }
}

async function readPart(call: Part, path: Path): Promise<Answer> {
  const { at, format, reveal } = call.query
  const config = await configOf(call)
  const source = at === undefined ? config : await config.at(at)
  const version = at === undefined ? config.version : await config.versions.get(at)
  const wanted = { path, ...(format && { format }), ...(reveal && { reveal }) }
  return { ...(await read(call, source, call.params.ns, wanted)), version }
}

interface Asked {
  readonly asked: Path
  readonly keys: readonly Path[]
}

/** Of each key what `explain` says of it. */
async function explain(call: Part, config: Config, { asked, keys }: Asked): Promise<readonly Explanation[]> {
  const { query, context, caller } = call
  const { at, reveal = false } = query
  const when = at === undefined ? {} : { at }
  const explanations: Explanation[] = []
  const paths: string[] = []
  for (const key of keys.map(printPath)) {
    const found = await config.explain(key, { reveal, ...when })
    explanations.push(found)
    if (reveal && !isDeepStrictEqual(found, await config.explain(key, when))) paths.push(found.path)
  }
  const [first] = explanations
  await noteSecrets(context, caller, { namespace: config.namespace, asked, version: first?.version, paths })
  return explanations
}

async function explainSection(call: Part, path: Path): Promise<Answer> {
  const config = await configOf(call)
  const { at } = call.query
  const source = at === undefined ? config : await config.at(at)
  const keys = keysBelow(source.toJSON({ reveal: false }), path)
  return { json: await explain(call, config, { asked: path, keys }), version: config.version }
}
