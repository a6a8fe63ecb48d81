import type { Comparison, RestoreRequest, VersionRequest, Versions } from '../model/config.ts'
import { byLeaf, type Difference, diff } from '../model/diff.ts'
import { withoutResealed } from '../model/drift.ts'
import { HoldfastError } from '../model/errors.ts'
import { printPath, toSectionKey } from '../model/path.ts'
import { authorise, authoriseWhole } from '../model/principal.ts'
import { checkText } from '../model/value.ts'
import { checkTag, type Version, type VersionId } from '../model/version.ts'
import type { MarkWrite } from '../store/store.ts'
import { Breath } from './breath.ts'
import { authorisePaths } from './changes.ts'
import { concealPast } from './events.ts'
import { answerOnce, type Submit } from './once.ts'
import { listOf, pageOf, readPage } from './paging.ts'
import type { Caller, CallerOf, Parts } from './parts.ts'
import { findVersion, stateAt } from './past.ts'
import type { Propose } from './proposal.ts'
import { restoreJob, revertJob } from './restore.ts'
import type { State } from './stored.ts'
import type { Writer } from './writer.ts'

export interface VersionsParts {
  /** All there is, for what is changed. */
  readonly parts: Parts
  /** What the caller may see of it, for what is told. */
  readonly seen: Parts
  readonly writer: Writer
  readonly callerOf: CallerOf
}

/** The versions of one namespace as one caller sees them: made, listed, named, compared, restored, reverted. */
export function versionsOf({ parts, seen, writer, callerOf }: VersionsParts): Versions {
  const { store, namespace } = parts
  const { view } = seen

  function read(): void {
    authorise(callerOf({}).who, 'config:read', namespace)
  }

  function write(by: Parameters<CallerOf>[0]): Caller {
    const caller = callerOf(by)
    authoriseWhole(caller.who, 'config:write', namespace)
    return caller
  }

  /** All of a version that the caller may name. */
  const wholeState = async (ref: string | number): Promise<State> => stateAt(parts, (await findVersion(seen, ref)).id)

  async function mark(kind: MarkWrite['kind'], tag: string, versionId: number, { who }: Caller): Promise<Version> {
    try {
      await store.mark(namespace, { kind, tag, versionId, createdAt: parts.now().toISOString(), createdBy: who.name })
    } finally {
      await writer.refresh().catch(() => undefined) // it is made, or it may be; what cannot be read now is read later
    }
    return findVersion(seen, versionId)
  }

  return {
    async create(request = {}) {
      const caller = write(request)
      const submit: Submit = (once) => writer.submit(snapshotJob(parts, caller, request), once)
      const { version } = await answerOnce(parts, caller, { kind: 'version', request }, submit)
      return view.version(version!)
    },
    async list(query = {}) {
      read()
      const page = pageOf(query)
      const rows = await readPage(page, (one) => store.versions(namespace, one))
      return listOf(rows, page, view.version)
    },
    async get(ref) {
      read()
      return findVersion(seen, ref)
    },
    async tag(ref, name, by = {}) {
      const caller = write(by)
      const { id } = await findVersion(seen, ref)
      return mark('tag', checkTag(name), id, caller)
    },
    async untag(name, by = {}) {
      const caller = write(by)
      const { id, tags } = await findVersion(seen, name)
      if (!tags.includes(name))
        throw new HoldfastError('not-found', `there is no tag ${name} in namespace ${namespace}`, { what: name })
      await mark('untag', name, id, caller)
    },
    async baseline(ref, by = {}) {
      const caller = write(by)
      const { id } = await findVersion(seen, ref)
      return mark('baseline', '', id, caller)
    },
    async compare(a, b) {
      read()
      return compare(seen, a, b)
    },
    async restore(ref, request: RestoreRequest = {}) {
      const caller = callerOf(request)
      authorisePaths(
        parts,
        caller,
        (request.sections ?? []).map((section) => [section]),
      )
      const submit: Submit = async (once) =>
        writer.submit(restoreJob(parts, caller, await wholeState(ref), request), once)
      return view.result(await answerOnce(parts, caller, { kind: 'restore', ref, request }, submit))
    },
    async revert(ref, request = {}) {
      const caller = callerOf(request)
      authorisePaths(parts, caller, [])
      const submit: Submit = async (once) => {
        const undone = await wholeState(ref)
        const before = await stateAt(parts, await versionBefore(parts, undone.version!.id))
        return writer.submit(revertJob(parts, caller, undone, before, request), once)
      }
      return view.result(await answerOnce(parts, caller, { kind: 'revert', ref, request }, submit))
    },
  }
}

async function versionBefore({ store, namespace }: Parts, id: VersionId): Promise<VersionId> {
  const before = await store.find(namespace, { base: { kind: 'id', id }, back: 1 })
  if (before !== undefined) return before.id
  const what = `the revert of version ${id}`
  throw new HoldfastError(
    'unsupported',
    `${what} is not possible: the version before it is not kept, or it is the first`,
    { what },
  )
}

function snapshotJob(parts: Parts, caller: Caller, request: VersionRequest): Propose {
  const tags = (request.tags ?? []).map(checkTag)
  return async (state) => {
    return {
      before: state,
      after: { ...state, ahead: state.ahead + 1 },
      cause: 'snapshot',
      description: request.description === undefined ? null : checkText(request.description, 'description'),
      createdAt: parts.now().toISOString(),
      createdBy: caller.who.name,
      sourceIp: caller.who.sourceIp,
      reason: caller.reason,
      comment: caller.comment,
      staged: null,
      origin: { versionId: 0 },
      tags,
      baseline: request.baseline ?? false,
      ...(caller.who.lease && { fence: caller.who.lease }),
      dryRun: false,
    }
  }
}

async function compare(parts: Parts, a: string | number, b: string | number): Promise<Comparison> {
  const [from, to] = [await stateAt(parts, a), await stateAt(parts, b)]
  const conceal = await concealPast(parts, from, to)
  const names = [...new Set([...from.snapshot.effective.keys(), ...to.snapshot.effective.keys()])].sort()
  const differences: Difference[] = []
  const breath = new Breath()
  for (const name of names) {
    await breath.take()
    const [before, after] = [from.snapshot.effective.get(name), to.snapshot.effective.get(name)]
    if (before === undefined || !before.equals(after))
      differences.push(...byLeaf(diff(before?.value, after?.value, [name])))
  }
  const changes = withoutResealed(parts.secrets, differences).map(({ path, before, after }) => {
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
