import type { ChangeEvent, DriftEntry, KeyChange, SourceStatus } from '../model/config.ts'
import { fromSectionKey, parsePath, printPath } from '../model/path.ts'
import { matches } from '../model/principal.ts'
import type { Version } from '../model/version.ts'
import type { Webhook, WebhookKind } from '../model/webhook.ts'

/** What webhooks are told of besides changes. */
export type News =
  | { readonly kind: 'drift'; readonly namespace: string; readonly entries: readonly DriftEntry[] }
  | { readonly kind: 'source-stale'; readonly namespace: string; readonly source: SourceStatus }
  /** `reason` is a sentence without values. */
  | { readonly kind: 'backup-failed'; readonly namespace: null; readonly schedule: string; readonly reason: string }

/** The recommended most of a payload (Standard Webhooks), in bytes. */
const PAYLOAD_BYTES = 20_000
const LONGEST_TEXT = 2000

/** True where a webhook wants to be told of `kind` in `namespace`; `null` is the whole store, which needs the pattern `*`. */
export function wants(hook: Webhook, kind: WebhookKind, namespace: string | null): boolean {
  if (!hook.isEnabled || !hook.kinds.includes(kind)) return false
  return namespace === null
    ? hook.namespaces.includes('*')
    : hook.namespaces.some((pattern) => matches(pattern, namespace))
}

/** The body that tells of a version; `undefined` where nothing of it is in the sections the webhook names. */
export function changePayload(hook: Webhook, namespace: string, event: ChangeEvent): string | undefined {
  const changes = event.changes.filter((change) => isOfSections(hook, fromSectionKey(change)))
  if (changes.length === 0 && hook.sections !== null) return undefined
  return cut(changes, (kept) => ({
    type: 'holdfast.change',
    timestamp: event.version.createdAt,
    data: {
      namespace,
      version: shownVersion(event.version),
      reason: shortened(event.reason),
      changes: kept,
      restartRequired: restarts(event.restartRequired, kept),
      ...omitted('changesOmitted', changes.length - kept.length),
    },
  }))
}

/** The body where versions were purged before they could be told one by one. */
export const gapPayload = (namespace: string, version: Version): string =>
  JSON.stringify({
    type: 'holdfast.change',
    timestamp: version.createdAt,
    data: {
      namespace,
      version: shownVersion(version),
      reason: null,
      changes: [],
      restartRequired: [],
      versionsOmitted: true,
    },
  })

/** The body of other news; `undefined` where the webhook's sections have no part in it. */
export function newsPayload(hook: Webhook, news: News, timestamp: string): string | undefined {
  switch (news.kind) {
    case 'drift':
      return driftPayload(hook, news, timestamp)
    case 'source-stale': {
      const { name, kind, error, loadedAt } = news.source
      const source = { name, kind, error: shortened(error), loadedAt }
      return JSON.stringify({ type: 'holdfast.source-stale', timestamp, data: { namespace: news.namespace, source } })
    }
    case 'backup-failed': {
      const { schedule, reason } = news
      const data = { schedule, reason: shortened(reason) }
      return JSON.stringify({ type: 'holdfast.backup-failed', timestamp, data })
    }
  }
}

/** The body of a message that only shows that messages arrive. */
export const testPayload = (hook: Webhook, timestamp: string): string =>
  JSON.stringify({ type: 'holdfast.test', timestamp, data: { webhook: hook.name } })

/** Paths by kind, and no values: what drifted may be looked up by who may see it. */
function driftPayload(
  hook: Webhook,
  { namespace, entries }: Extract<News, { kind: 'drift' }>,
  timestamp: string,
): string | undefined {
  const found = entries.filter((entry) => isOfSections(hook, parsePath(entry.path)))
  if (found.length === 0) return undefined
  const counts = countsOf(found)
  return cut(found, (kept) => ({
    type: 'holdfast.drift',
    timestamp,
    data: {
      namespace,
      counts,
      drift: kept.map(({ kind, path, instance }) => ({ kind, path, ...(instance !== undefined && { instance }) })),
      ...omitted('driftOmitted', found.length - kept.length),
    },
  }))
}

/** How much drift there is of each kind. */
export function countsOf(entries: readonly DriftEntry[]): Readonly<Record<string, number>> {
  const groups = Map.groupBy(entries, ({ kind }) => kind)
  return Object.fromEntries([...groups].map(([kind, group]) => [kind, group.length]))
}

const isOfSections = (hook: Webhook, path: readonly string[]): boolean =>
  hook.sections === null || hook.sections.some((pattern) => matches(pattern, path[0] ?? ''))

const shownVersion = ({ id, hash, chainHash, createdAt, createdBy, cause }: Version) => ({
  id,
  hash,
  chainHash,
  createdAt,
  createdBy,
  cause,
})

const omitted = (name: string, count: number) => (count === 0 ? {} : { [name]: count })

const shortened = (text: string | null): string | null =>
  text === null || text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT).toWellFormed()}…`

function restarts(paths: readonly string[], changes: readonly KeyChange[]): readonly string[] {
  const shown = new Set(changes.map((change) => printPath(fromSectionKey(change))))
  return paths.filter((path) => shown.has(path))
}

/** The text of `make` with as many of the items, from the first on, as a payload has room for. */
function cut<T>(items: readonly T[], make: (kept: readonly T[]) => object): string {
  const whole = items.length > PAYLOAD_BYTES ? undefined : JSON.stringify(make(items))
  if (whole !== undefined && Buffer.byteLength(whole) <= PAYLOAD_BYTES) return whole
  let [most, least] = [Math.min(items.length, PAYLOAD_BYTES), 0]
  while (least < most) {
    const middle = Math.ceil((least + most) / 2)
    const isFitting = Buffer.byteLength(JSON.stringify(make(items.slice(0, middle)))) <= PAYLOAD_BYTES
    if (isFitting) least = middle
    else most = middle - 1
  }
  return JSON.stringify(make(items.slice(0, least)))
}
