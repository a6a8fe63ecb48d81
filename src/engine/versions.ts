import type { Comparison, RestoreRequest, VersionRequest, Versions } from '../model/config.ts'
import { byLeaf, diff } from '../model/diff.ts'
import { HoldfastError } from '../model/errors.ts'
import { printPath, toSectionKey } from '../model/path.ts'
import { authorise } from '../model/principal.ts'
import { checkTag } from '../model/version.ts'
import type { MarkWrite } from '../store/store.ts'
import { concealPast } from './events.ts'
import { listOf, pageOf, readPage } from './history.ts'
import type { Caller, Parts } from './parts.ts'
import { findVersion, stateAt } from './past.ts'
import { restoreJob, revertJob } from './restore.ts'
import type { Propose, Writer } from './writer.ts'

/** How calls say who asks. */
export type CallerOf = (by: {
  readonly actor?: string
  readonly sourceIp?: string
  readonly reason?: string
  readonly comment?: string
}) => Caller

/** The versions of one namespace: made, listed, named, compared, restored, reverted. */
export function versionsOf(parts: Parts, writer: Writer, callerOf: CallerOf): Versions {
  const { store, namespace } = parts

  async function mark(kind: MarkWrite['kind'], tag: string, versionId: number, who: Caller): Promise<void> {
    authorise(who.who, 'config:write', namespace)
    await store.mark(namespace, { kind, tag, versionId, createdAt: parts.now().toISOString(), createdBy: who.who.name })
    await writer.refresh()
  }

  return {
    async create(request = {}) {
      const caller = callerOf(request)
      const { version } = await writer.submit(snapshotJob(parts, caller, request))
      return version!
    },
    async list(query = {}) {
      const page = pageOf(query)
      const rows = await readPage(page, (one) => store.versions(namespace, one))
      return listOf(rows, page, (version) => version)
    },
    get: (ref) => findVersion(parts, ref),
    async tag(ref, name, by = {}) {
      const { id } = await findVersion(parts, ref)
      await mark('tag', checkTag(name), id, callerOf(by))
      return findVersion(parts, id)
    },
    async untag(name, by = {}) {
      const { id, tags } = await findVersion(parts, name)
      if (!tags.includes(name))
        throw new HoldfastError('not-found', `there is no tag ${name} in namespace ${namespace}`, { what: name })
      await mark('untag', name, id, callerOf(by))
    },
    async baseline(ref, by = {}) {
      const { id } = await findVersion(parts, ref)
      await mark('baseline', '', id, callerOf(by))
      return findVersion(parts, id)
    },
    compare: (a, b) => compare(parts, a, b),
    async restore(ref, request: RestoreRequest = {}) {
      const target = await stateAt(parts, ref)
      return writer.submit(restoreJob(parts, callerOf(request), target, request))
    },
    async revert(ref, request = {}) {
      const undone = await stateAt(parts, ref)
      const before = await store.find(namespace, { base: { kind: 'id', id: undone.version!.id }, back: 1 })
      if (before === undefined) {
        const what = `the revert of version ${undone.version!.id}`
        throw new HoldfastError(
          'unsupported',
          `${what} is not possible: the version before it is not kept, or it is the first`,
          { what },
        )
      }
      return writer.submit(revertJob(parts, callerOf(request), undone, await stateAt(parts, before.id), request))
    },
  }
}

function snapshotJob(parts: Parts, caller: Caller, request: VersionRequest): Propose {
  const tags = (request.tags ?? []).map(checkTag)
  return async (state) => {
    authorise(caller.who, 'config:write', parts.namespace)
    return {
      before: state,
      after: { ...state, ahead: state.ahead + 1 },
      cause: 'snapshot',
      description: request.description ?? null,
      createdAt: parts.now().toISOString(),
      createdBy: caller.who.name,
      sourceIp: caller.who.sourceIp,
      reason: caller.reason,
      comment: caller.comment,
      staged: null,
      origin: { versionId: 0 },
      tags,
      baseline: request.baseline ?? false,
      dryRun: false,
    }
  }
}

async function compare(parts: Parts, a: string | number, b: string | number): Promise<Comparison> {
  const [from, to] = [await stateAt(parts, a), await stateAt(parts, b)]
  const conceal = await concealPast(parts, from, to)
  const names = [...new Set([...from.snapshot.effective.keys(), ...to.snapshot.effective.keys()])].sort()
  const differences = names.flatMap((name) =>
    byLeaf(diff(from.snapshot.effective.get(name)?.value, to.snapshot.effective.get(name)?.value, [name])),
  )
  const changes = differences.map(({ path, before, after }) => {
    const [shownBefore, shownAfter] = [conceal(path, before), conceal(path, after)]
    return {
      path: printPath(path),
      ...toSectionKey(path),
      ...(shownBefore !== undefined && { before: shownBefore }),
      ...(shownAfter !== undefined && { after: shownAfter }),
    }
  })
  return { from: from.version!, to: to.version!, changes }
}
