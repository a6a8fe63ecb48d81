import type { Progress } from '../model/admin.ts'
import { Doc } from '../model/document.ts'
import type { KeyUse } from '../model/key.ts'
import { isSealed, mapStrings, readSeal } from '../model/secret.ts'
import type { Value } from '../model/value.ts'
import type { AuditRecord, DocumentWrite, Store } from '../store/store.ts'
import { decode } from './stored.ts'

/** What of a store is encrypted under one key. */
export type KeyNeed = Pick<KeyUse, 'secrets' | 'webhooks' | 'versions'>

/** By the id of each key that anything is encrypted under which is kept: what is in force, every version, and the secrets of webhooks. */
export type KeyNeeds = ReadonlyMap<string, KeyNeed>

/** Reads through all versions there are. */
export async function findKeyNeeds(store: Store, onProgress: Progress = () => undefined): Promise<KeyNeeds> {
  const needs = new Needs()
  const { namespaces } = await store.stats()
  const total = namespaces.reduce((sum, { versions }) => sum + versions, 0)
  let done = 0
  for (const { namespace } of namespaces) {
    const standing = new Standing()
    for await (const record of store.audit(namespace)) {
      standing.take(record)
      for (const id of standing.ids()) needs.add(id, 'versions', 1)
      if (++done % 100 === 0) onProgress(done, total)
    }
    for (const [id, count] of standing.values()) needs.add(id, 'secrets', count)
  }
  for (const id of await webhookKeys(store)) needs.add(id, 'webhooks', 1)
  return needs.found
}

/** The key of each signing secret that is kept. */
export async function webhookKeys(store: Pick<Store, 'webhooks'>): Promise<readonly string[]> {
  const rows = await store.webhooks.list()
  return rows
    .flatMap(({ secret, previousSecret }) => [secret, previousSecret])
    .filter(isKept)
    .map((text) => readSeal(text).id)
}

const isKept = (text: string | null): text is string => text !== null

class Needs {
  readonly found = new Map<string, KeyNeed>()

  add(id: string, what: keyof KeyNeed, count: number): void {
    const known = this.found.get(id) ?? { secrets: 0, webhooks: 0, versions: 0 }
    this.found.set(id, { ...known, [what]: known[what] + count })
  }
}

/** The keys of what is in force while the versions of a namespace go by. */
class Standing {
  /** Of each document and override that holds ciphertext: the key of each. */
  readonly #values = new Map<string, readonly string[]>()
  /** What the base said when an override was set: needed to tell, and no value of its own. */
  readonly #bases = new Map<string, readonly string[]>()

  take({ documents, overrides }: AuditRecord): void {
    for (const document of documents)
      if (isLayer(document)) put(this.#values, nameOf(document), keysInDocument(document))
    for (const row of overrides) {
      const name = JSON.stringify([row.section, row.key])
      const set = row.value === null ? undefined : row
      put(this.#values, name, keysIn(set && decode(set.value)))
      put(this.#bases, name, keysIn(set && decode(set.baseValue)))
    }
  }

  ids(): ReadonlySet<string> {
    return new Set([...this.#values.values(), ...this.#bases.values()].flat())
  }

  values(): ReadonlyMap<string, number> {
    const groups = Map.groupBy([...this.#values.values()].flat(), (id) => id)
    return new Map([...groups].map(([id, all]) => [id, all.length]))
  }
}

/** What is in effect is made of the others. */
const isLayer = ({ layer }: DocumentWrite): boolean => layer === 'defaults' || layer.startsWith('source:')

const nameOf = ({ layer, name }: DocumentWrite): string => JSON.stringify([layer, name, 'document'])

function put(all: Map<string, readonly string[]>, name: string, keys: readonly string[]): void {
  if (keys.length === 0) all.delete(name)
  else all.set(name, keys)
}

function keysInDocument({ content }: DocumentWrite): readonly string[] {
  if (content === null) return []
  const doc = Doc.parse(content)
  return doc.isPlain ? [] : keysIn(doc.value)
}

function keysIn(value: Value | undefined): readonly string[] {
  const keys: string[] = []
  if (value === undefined) return keys
  mapStrings(value, (text) => {
    if (isSealed(text)) keys.push(readSeal(text).id)
    return text
  })
  return keys
}
