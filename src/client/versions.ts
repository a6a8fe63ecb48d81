import type { ChangeResult, Comparison, RestoreRequest, VersionRequest, Versions } from '../model/config.ts'
import type { Version } from '../model/version.ts'
import type { Calls } from './calls.ts'
import type { Mirror } from './mirror.ts'
import { toWhy } from './request.ts'
import { isChangeResult, isComparison, isEmpty, isVersion, isVersions } from './shape.ts'

/** The versions of a namespace on a server. What makes one, or names one, is to be seen here when it is done. */
export function remoteVersions(calls: Calls, mirror: Mirror): Versions {
  async function marked(work: Promise<Version>): Promise<Version> {
    const version = await work
    await mirror.refresh({ isForced: true })
    return version
  }

  async function restored(
    name: 'restore' | 'revert',
    ref: string | number,
    { idempotencyKey, ...request }: RestoreRequest,
  ): Promise<ChangeResult> {
    const call = { in: { ref: String(ref) }, body: toRestore(request), idempotencyKey }
    const result = await calls.write(name, isChangeResult, call)
    if (result.version !== null) await mirror.settle(result.version.id)
    return result
  }

  return {
    async create({ description, tags, baseline, comment, idempotencyKey }: VersionRequest = {}) {
      const body = { description, tags, baseline, comment }
      const version = await calls.write('createVersion', isVersion, { body, idempotencyKey })
      await mirror.settle(version.id)
      return version
    },
    list: (query = {}) => calls.read('listVersions', isVersions, { query: { ...query } }),
    get: (ref) => calls.read('readVersion', isVersion, { in: { ref: String(ref) } }),
    tag: (ref, name) => marked(calls.once('tag', isVersion, { in: { ref: String(ref), tag: name } })),
    async untag(name) {
      await calls.once('untag', isEmpty, { in: { ref: name, tag: name } })
      await mirror.refresh({ isForced: true })
    },
    baseline: (ref) => marked(calls.read('setBaseline', isVersion, { body: { ref: String(ref) } })),
    compare: (a, b): Promise<Comparison> => calls.read('compare', isComparison, { query: { from: a, to: b } }),
    restore: (ref, request = {}) => restored('restore', ref, request),
    revert: (ref, request = {}) => restored('revert', ref, request),
  }
}

const toRestore = ({ mode, sections, paths, ifVersion, dryRun, ...why }: RestoreRequest): object => ({
  mode,
  sections,
  paths,
  ifVersion,
  dryRun,
  ...toWhy(why),
})
