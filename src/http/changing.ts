import type { FastifyRequest } from 'fastify'
import type { EmbeddedConfig } from '../engine/embedded.ts'
import type { ChangeRequest, ChangeResult, Provenance } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { withValue } from '../model/layer.ts'
import { type Path, printPath } from '../model/path.ts'
import type { Tree, Value } from '../model/value.ts'
import type { VersionId } from '../model/version.ts'
import { PATHS } from '../wire/paths.ts'
import type { Answer } from './answer.ts'
import { type Call, configOf } from './call.ts'
import { tagsOf } from './conditions.ts'
import { tagFor } from './views.ts'

type Changing = Pick<Call<'change'>, 'context' | 'caller' | 'params' | 'query' | 'request' | 'reply'>

/** Makes a change as the request's conditions allow, and answers with what came of it. */
export async function change(call: Changing, wanted: ChangeRequest & Provenance): Promise<Answer> {
  const config = await configOf(call)
  const match = call.request.headers['if-match']
  const request = { ...wanted, ...onceKey(call.request) }
  const result = match === undefined ? await config.change(request) : await changeIf(call, config, match, request)
  return changed(call.params.ns, result)
}

/** 201 and where the version is, where there is one; 200 for a dry run, or where nothing changed. */
export function changed(namespace: string, result: ChangeResult): Answer {
  const { version } = result
  if (version === null) return { status: 200, json: result }
  const location = PATHS.readVersion[1].replace('{ns}', namespace).replace('{ref}', String(version.id))
  return { status: 201, json: result, version, headers: { location } }
}

/** The `set` of a change that gives one path a value. */
export const settingOf = (path: Path, value: Value): Record<string, unknown> =>
  path.length === 1 ? { '': withValue({}, path, value) } : (withValue({}, path, value) as Tree)

export const unsetting = (path: Path): ChangeRequest => ({ unset: [printPath(path)] })

/**
 * A change of the state that `If-Match` names: of exactly the version that was compared, so that nothing comes between. What a repeated request
 * did the first time moved the state, so that it is not compared again.
 */
async function changeIf(
  { context, caller, params }: Changing,
  config: EmbeddedConfig,
  header: string,
  request: ChangeRequest & Provenance,
): Promise<ChangeResult> {
  const tags = tagsOf(header)
  if (tags.includes('*')) return await config.change(request)
  const current = (): string => tagFor(config, context.service.reach(caller.who, params.ns))
  const met = (): VersionId | undefined => (tags.includes(current()) ? (config.version?.id ?? 0) : undefined)
  const ifMet = async (): Promise<VersionId> => {
    const known = met()
    if (known !== undefined) return known
    await context.service.refresh(params.ns) // another server may have told it the tag
    const found = met()
    if (found !== undefined) return found
    throw unmet(header, current())
  }
  try {
    return await config.change({ ...request, ifMet })
  } catch (error) {
    if (!HoldfastError.is(error, 'conflict') || request.ifVersion !== undefined) throw error
    throw unmet(header, current())
  }
}

function unmet(header: string, found: string): HoldfastError {
  return new HoldfastError(
    'precondition',
    'the configuration is not the one that If-Match names: read it again and look at what changed',
    { expected: header.slice(0, 200), found },
  )
}

/** Refuses a condition that would not be asked: a restore or a revert says its version in its body. */
export function refuseMatch({ headers }: FastifyRequest): void {
  if (headers['if-match'] === undefined) return
  throw new HoldfastError('unsupported', 'If-Match is not asked here: send ifVersion in the body', { what: 'If-Match' })
}

/** What makes a request that may come twice one that is done once. */
export function onceKey(request: FastifyRequest): { readonly idempotencyKey?: string } {
  const key = idempotencyKey(request.headers['idempotency-key'])
  return key === undefined ? {} : { idempotencyKey: key }
}

/** The key of a request that may come twice: a word, or a string in quotes (draft-ietf-httpapi-idempotency-key-header). */
function idempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const text = String(header)
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text)?.[1]?.replace(/\\(["\\])/g, '$1')
  const key = quoted ?? text
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key
  throw new HoldfastError('malformed', 'an Idempotency-Key is 1 to 255 printable ASCII characters', {
    what: 'Idempotency-Key',
  })
}
