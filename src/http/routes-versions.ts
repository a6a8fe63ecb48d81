import type { FastifyInstance } from 'fastify'
import type { Comparison, Config } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { authorise } from '../model/principal.ts'
import { type Call, configOf, type Handlers, register } from './call.ts'
import { onceKey } from './changing.ts'
import type { Context } from './context.ts'

/** Versions, history and instances of a namespace. */
export function registerVersions(app: FastifyInstance, context: Context): void {
  register(app, context, VERSIONS)
}

type Names =
  | 'drift'
  | 'blame'
  | 'history'
  | 'listVersions'
  | 'createVersion'
  | 'readVersion'
  | 'tag'
  | 'untag'
  | 'setBaseline'
  | 'compare'
  | 'listInstances'
  | 'reportInstance'

const VERSIONS: Handlers<Names> = {
  drift: async (call) => ({ json: await (await configOf(call)).drift(call.query) }),
  blame: async (call) => ({ json: await (await configOf(call)).blame(call.query.section) }),
  history: async (call) => ({ json: await (await configOf(call)).history(call.query) }),
  listVersions: async (call) => ({ json: await (await configOf(call)).versions.list(call.query) }),
  async createVersion(call) {
    const version = await (await configOf(call)).versions.create({ ...call.body, ...onceKey(call.request) })
    return { status: 201, json: version, version }
  },
  readVersion: async (call) => ({ json: await (await configOf(call)).versions.get(call.params.ref) }),
  tag: async (call) => ({ json: await (await configOf(call)).versions.tag(call.params.ref, call.params.tag) }),
  async untag(call) {
    authorise(call.caller.who, 'config:write', call.params.ns) // before a version is looked for
    const { versions } = await configOf(call)
    const [meant, named] = [await versions.get(call.params.ref), await versions.get(call.params.tag)]
    if (meant.id !== named.id) throw otherVersion(call.params, named.id)
    await versions.untag(call.params.tag)
    return {}
  },
  setBaseline: async (call) => ({ json: await (await configOf(call)).versions.baseline(call.body.ref) }),
  async compare(call) {
    const config = await configOf(call)
    const comparison = await config.versions.compare(call.query.from, call.query.to)
    if (call.query.format !== 'json-patch') return { json: comparison }
    return { json: await toPatch(config, comparison), type: 'application/json-patch+json' }
  },
  listInstances: async (call) => ({ json: await (await configOf(call)).instances() }),
  reportInstance: async (call) => ({
    json: await (await configOf(call)).report({ ...call.body, id: call.params.id }),
  }),
}

function otherVersion({ ref, tag }: Call<'untag'>['params'], found: number): HoldfastError {
  const what = `${tag} at ${ref}`
  return new HoldfastError('not-found', `${tag} names version ${found}, not ${ref}`, { what })
}

/** RFC 6902, from one to the other. A secret is concealed on both sides, so that a patch cannot carry it. */
async function toPatch(config: Config, { from, to }: Comparison): Promise<object> {
  const { createPatch } = await import('rfc6902')
  const [before, after] = await Promise.all([config.at(from.id), config.at(to.id)])
  return createPatch(before.toJSON({ reveal: false }), after.toJSON({ reveal: false }))
}
