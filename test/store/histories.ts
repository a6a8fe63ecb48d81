import fc from 'fast-check'
import type { Tree } from '../../src/model/value.ts'
import type { StoredValue } from '../../src/model/version.ts'
import type { Store, Write } from '../../src/store/store.ts'
import { at, entry, message, stored, token, webhook, writeOf } from './samples.ts'

/** One thing that happens to a store. */
export interface Deed {
  readonly kind: (typeof KINDS)[number]
  readonly namespace: string
  readonly text: string
  /** Chooses among what is there. */
  readonly nth: number
}

const KINDS = [
  'commit',
  'mask',
  'secret',
  'positions',
  'mark',
  'untag',
  'baseline',
  'purge',
  'delete',
  'shelves',
] as const
const WEIGHTS = ['commit', 'commit', 'commit', 'shelves', 'shelves', 'positions'] as const
const TEXTS = ['', '"', '\u2028', '😀', '{"a":1}']

/** Histories of a few namespaces, with all that a store keeps. */
export const HISTORIES: fc.Arbitrary<readonly Deed[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS, ...WEIGHTS),
    namespace: fc.constantFrom('a', 'b', 'ä-ö', 'c'),
    text: fc.oneof(fc.string({ unit: 'grapheme-ascii', maxLength: 8 }), fc.constantFrom(...TEXTS)),
    nth: fc.nat(9),
  }),
  { minLength: 12, maxLength: 30 },
)

/** Does it all, one after another; what names no version, because there is none, is left out. */
export async function live(store: Store, deeds: readonly Deed[]): Promise<void> {
  for (const [i, deed] of deeds.entries()) await act(store, deed, i)
}

async function act(store: Store, deed: Deed, i: number): Promise<void> {
  const { kind, namespace, nth } = deed
  if (kind === 'shelves') return fill(store, deed, i)
  if (kind === 'delete') return store.deleteNamespace(namespace, at(i))
  if (kind === 'mark' || kind === 'untag' || kind === 'baseline') return mark(store, deed, i)
  if (kind === 'purge') {
    const plan = { before: '2099-01-01T00:00:00.000Z', keep: nth, by: 'p', at: at(i), dryRun: false }
    return void (await store.purge(namespace, plan))
  }
  const head = (await store.head(namespace))?.id ?? 0
  const before: Tree = head === 0 ? {} : JSON.parse((await store.configJson(namespace, head))!)
  await store.commit(namespace, head, [writeFor(deed, before, i)])
  if (kind === 'positions') await moveKeys(store, namespace, 'one', i)
}

function writeFor({ kind, text }: Deed, before: Tree, i: number): Write {
  if (kind === 'commit') {
    const after = { ...before, [`k${i % 5}`]: { text, n: i / 4 }, [text || 'empty']: [i] }
    const once = { owner: 'o', key: `key ${i}`, requestHash: 'h', createdAt: at(i), answer: JSON.stringify({ i }) }
    return writeOf(before, after, { once, tags: i % 4 === 0 ? [`t${i}`] : [] })
  }
  const same = writeOf(before, before, { baseline: i % 3 === 0 })
  if (kind === 'positions') return { ...same, documents: [sourceDocument(JSON.stringify(text), i)] }
  const value: StoredValue = kind === 'mask' ? { text: null, type: 'mask' } : { text: `sealed ${i}`, type: 'secret' }
  const place = { section: 'server', key: text || 'port' }
  return {
    ...same,
    overrides: [{ ...place, value, reason: null, comment: text, baseValue: stored('base') }],
    history: [{ ...place, operation: 'CREATE', layer: 'override', oldValue: stored(1), newValue: value }],
  }
}

/** The only section of source `one`, with where its keys stand. */
export const sourceDocument = (content: string, i: number) =>
  ({ layer: 'source:one', name: 's', content, positions: `{"p":[${i},1]}` }) as const

/** A source was loaded again: its keys stand elsewhere now, which makes no version. */
export async function moveKeys(store: Store, namespace: string, name: string, i: number): Promise<void> {
  const state = {
    name,
    state: 'ok',
    error: null,
    fingerprint: `{"i":${i}}`,
    loadedAt: at(i),
    checkedAt: at(i),
  } as const
  await store.saveSource(namespace, state, new Map([['s', `{"moved":[${i},2]}`]]))
}

async function mark(store: Store, { kind, namespace, nth }: Deed, i: number): Promise<void> {
  const versions = await store.versions(namespace, { limit: 10 })
  const version = versions[nth % Math.max(1, versions.length)]
  if (version === undefined) return
  const common = { versionId: version.id, createdAt: at(i), createdBy: 'm' }
  if (kind === 'baseline') await store.mark(namespace, { ...common, kind, tag: '' })
  else if (kind === 'mark') await store.mark(namespace, { ...common, kind: 'tag', tag: `tag-${i}` })
  else for (const tag of version.tags) await store.mark(namespace, { ...common, kind: 'untag', tag })
}

async function fill(store: Store, { text, nth }: Deed, i: number): Promise<void> {
  const id = `x${nth}`
  await store.setMetadata(`note ${nth}`, text, at(i))
  await store.auditLog.append([entry({ detail: text, at: at(i) }), entry({ namespace: null, at: at(i) })])
  await store.auditLog.isNewAddress(id, `192.0.2.${nth}`, at(i))
  await store.instances.save('a', { ...INSTANCE, id, host: text, reportedAt: at(i) })
  await store.schedules.end(await store.schedules.begin(`s${nth}`, at(i), 'n'), 'done', i / 8, text)
  await store.sessions.insert({ id: `${i}`, tokenId: id, createdAt: at(i), lastSeenAt: at(i), sourceIp: null })
  await addToken(store, id, i)
  await addMessage(store, { id, text, nth }, i)
  if (nth === 1) await store.auditLog.deleteBefore(at(i - 2))
  if (nth === 2) await store.once.deleteBefore(at(i - 1))
  if (nth === 4) await store.tokens.revoke(`id-${id}`, at(i))
}

const INSTANCE = { version: 1, startVersion: 1, startedAt: at(0), reportedBy: 'i' }

async function addToken(store: Store, name: string, i: number): Promise<void> {
  const isKnown = (await store.tokens.all()).some(({ id }) => id === `id-${name}`)
  if (isKnown) await store.tokens.touch([{ id: `id-${name}`, at: at(i), ip: '::1' }])
  else await store.tokens.insert(token(name))
}

const SETTLED = { state: 'delivered', attempts: 1, nextAttemptAt: null, status: 200, error: null } as const

async function addMessage(store: Store, { id, text, nth }: { id: string; text: string; nth: number }, i: number) {
  const isKnown = (await store.webhooks.list()).some((hook) => hook.id === id)
  if (!isKnown) await store.webhooks.insert(webhook(id, { sections: [text], isEnabled: i % 2 === 0 }))
  await store.webhooks.enqueue([message(`m${i}`, { webhookId: id, payload: text })])
  if (nth > 5) await store.webhooks.settle(`m${i}`, { ...SETTLED, lastAttemptAt: at(i), duration: i / 16 })
  if (nth === 9) await store.webhooks.delete(id)
}
