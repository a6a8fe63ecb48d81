import type { Version } from './version.ts'

/** A key that secrets are encrypted under, as it may be shown: never the key itself. */
export interface KeyUse {
  /** The beginning of a hash of it, which stands beside each ciphertext. */
  readonly id: string
  /** The first of the ring is for writing, the others are for reading; one that is missing is needed and not here. */
  readonly role: 'writing' | 'reading' | 'missing'
  /** UTC, ISO 8601; null where its line does not say. */
  readonly madeAt: string | null
  /** Values in force under it, of overrides and of the base, in all namespaces. */
  readonly secrets: number
  /** Signing secrets of webhooks under it. */
  readonly webhooks: number
  /** Kept versions that cannot be read without it. */
  readonly versions: number
}

/** The ring of a store's keys, and what needs which. */
export interface KeyList {
  /** `HOLDFAST_KEY`, or the file they stand in, which need not be there yet. */
  readonly from: string
  readonly keys: readonly KeyUse[]
}

/** What was encrypted anew. */
export interface Resealed {
  /** The key that everything in force is under now. */
  readonly key: string
  /** True where it was added to the ring just now. */
  readonly isNew: boolean
  readonly from: string
  /** `version` is null where everything was under the key already. */
  readonly namespaces: readonly {
    readonly namespace: string
    readonly version: Version | null
    readonly secrets: number
  }[]
  readonly webhooks: number
}

/** Which keys went, or in a dry run would go, because nothing that is kept needs them. */
export interface PrunedKeys {
  readonly dropped: readonly string[]
  readonly kept: readonly string[]
  readonly from: string
}
