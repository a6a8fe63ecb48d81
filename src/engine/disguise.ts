import { createHmac, randomUUID } from 'node:crypto'
import type { Version } from '../model/version.ts'
import type { Store } from '../store/store.ts'

/**
 * A version with its hashes as they are told to who may not see all that they cover: equal where the hashes are, and of no use for trying what is
 * hidden, because nobody can compute them without the store's own key.
 */
export type Disguise = (namespace: string, version: Version) => Version

/** The same for all processes of a store, and after a restart: streams go on by what they were told. The key is the store's id, which is told to nobody. */
export async function disguiseOf(store: Pick<Store, 'metadata'>): Promise<Disguise> {
  return disguiseBy((await store.metadata()).get('instance_id') ?? randomUUID())
}

/** Under a namespace of its own: who may fill another one with guesses learns nothing by comparing. */
function disguiseBy(key: string): Disguise {
  return (namespace, version) => {
    const digest = (kind: 'hash' | 'chainHash'): string =>
      createHmac('sha256', key).update(`${kind}\0${namespace}\0${version[kind]}`).digest('hex')
    return { ...version, hash: digest('hash'), chainHash: digest('chainHash') }
  }
}
