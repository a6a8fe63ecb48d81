import { canonical } from '../model/canonical.ts'
import type { ChangeRequest, ChangeResult, Provenance } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Principal } from '../model/principal.ts'
import { EMPTY, isTree, type Tree, toValue, type Value } from '../model/value.ts'
import type { OnceRecord } from '../store/shelves.ts'
import { sealTree } from './loading.ts'
import type { Caller, Parts } from './parts.ts'
import { findVersion } from './past.ts'
import { answerText } from './writer.ts'

/** Does what was asked; with a record, remembers the answer in the transaction of the commit. */
export type Submit = (once?: OnceRecord) => Promise<ChangeResult>

/** A request that may come twice: what it is, and what stands in it. */
export interface Repeatable {
  readonly kind: 'change' | 'restore' | 'revert' | 'version'
  readonly ref?: string | number
  readonly request: Pick<ChangeRequest & Provenance, 'idempotencyKey' | 'dryRun' | 'set' | 'actor' | 'sourceIp'>
}

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * The answer to a request, the same for each that comes with the same key within a day: the first is done, the others change nothing. Dry runs
 * and refusals are not kept.
 */
export async function answerOnce(
  parts: Parts,
  { who }: Caller,
  asked: Repeatable,
  submit: Submit,
): Promise<ChangeResult> {
  const { idempotencyKey: key, dryRun } = asked.request
  if (key === undefined) return submit()
  checkKey(key)
  if (dryRun) return submit()
  const owner = ownerOf(who)
  const record = { owner, key, requestHash: await hashOf(parts, asked), createdAt: parts.now().toISOString() }
  const known = await answered(parts, record)
  if (known !== undefined) return known
  try {
    const result = await submit(record)
    if (result.version !== null) return result
    await parts.store.once.insert(parts.namespace, { ...record, answer: answerText(result) })
    return result
  } catch (error) {
    // another with the same key may have come first meanwhile: then it is that one's answer, not a refusal
    const first = await answered(parts, record).catch((other) => {
      throw HoldfastError.is(other, 'key-reused') ? other : error
    })
    if (first !== undefined) return first
    throw error
  }
}

function checkKey(key: unknown): void {
  if (typeof key === 'string' && /^[\x20-\x7e]{1,255}$/.test(key)) return
  throw new HoldfastError('malformed', 'an idempotency key is 1 to 255 printable ASCII characters', {
    what: 'idempotencyKey',
  })
}

/** A token keeps its keys when it is rotated; a name that looks like a token's id is not one. */
const ownerOf = ({ tokenId, name }: Principal): string => (tokenId === null ? `name:${name}` : `token:${tokenId}`)

/** The answer that stands under the key; refuses (`key-reused`) where it answers something else. */
async function answered(parts: Parts, record: OnceRecord): Promise<ChangeResult | undefined> {
  const { store, namespace } = parts
  const found = await store.once.find(namespace, record.owner, record.key)
  if (found === undefined) return undefined
  const oldest = new Date(parts.now().getTime() - DAY_MS).toISOString()
  if (found.createdAt < oldest) {
    await store.once.deleteBefore(oldest)
    return undefined
  }
  if (found.requestHash !== record.requestHash) {
    throw new HoldfastError(
      'key-reused',
      `the idempotency key ${JSON.stringify(record.key)} was used for another request within 24 hours: use a new key for a new request`,
      { key: record.key },
    )
  }
  const answer = JSON.parse(found.answer) as Omit<ChangeResult, 'version'>
  return { ...answer, version: found.versionId === null ? null : await findVersion(parts, found.versionId) }
}

/** SHA-256 of the canonical request. Of a secret it covers its mark, which is the same for the same value: a short one could be guessed. */
async function hashOf(parts: Parts, { kind, ref, request }: Repeatable): Promise<string> {
  const { idempotencyKey: _, actor: __, sourceIp: ___, set = null, ...rest } = request
  const { sha256 } = await import('../model/hash.ts')
  const limits = { ...parts.limits, depth: parts.limits.depth + 3 } // a value stands below its section, its key and `set`
  const asked = toValue(plainly({ kind, ref, ...rest }), limits, 'the request')
  const values = await sealed(parts, toValue(plainly(set), limits, 'the change'))
  return sha256(canonical([asked, values]))
}

/** What is `undefined` is not there. */
function plainly(request: object | null): unknown {
  try {
    return JSON.parse(JSON.stringify(request))
  } catch (error) {
    throw new HoldfastError('malformed', 'the request is no JSON', { what: 'the request' }, { cause: error })
  }
}

async function sealed(parts: Parts, set: Value): Promise<Value> {
  if (!isTree(set)) return set
  const { '': outside = EMPTY, ...sections } = set
  const reader = await parts.rules.reader(parts.head.state)
  const marking = { ...parts, secrets: { ...parts.secrets, seal: parts.secrets.mark } } // a key put in front meanwhile is no other request
  const seal = (tree: Tree): Promise<Tree> => sealTree(marking, tree, reader, undefined)
  return [await seal(sections), isTree(outside) ? await seal(outside) : outside]
}
