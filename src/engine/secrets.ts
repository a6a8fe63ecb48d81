import { canonical } from '../model/canonical.ts'
import { HoldfastError } from '../model/errors.ts'
import { type Path, printPath } from '../model/path.ts'
import { isSealed, printSeal, readSeal, SEAL } from '../model/secret.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { equal, freeze, type Value } from '../model/value.ts'
import type { Keyring } from './keyring.ts'

/** Turns secret values into text that the store may keep, and back. Deterministic: the same value at the same path gives the same text. */
export interface Secrets {
  /**
   * Makes sure that there is a key to `seal` with. One is made only where `snapshot` holds no secret yet: what a lost key wrote would
   * stand beside what only the new one can read.
   */
  prepare(snapshot: Snapshot): Promise<void>
  /** `known` is what stands there now: kept as it is where it opens to the same value, also under an older key. */
  seal(path: Path, value: Value, known?: Value): string
  /** The id of the key for writing. */
  key(): string
  /** What a value is told by among others of its path: as ciphertext, but the same for as long as the ring keeps its oldest key. */
  mark(path: Path, value: Value): string
  /** A ciphertext under the key for writing; the same where it is so already. Refuses (`key`) what does not open. */
  reseal(path: Path, sealed: string): string
  /** True where two ciphertexts of a path are one value under two keys; false where that cannot be told. */
  isSame(path: Path, one: string, other: string): boolean
  /** Refuses (`key`) where the key is not here or the text does not belong to the path. Keys are read at the first call. */
  open(path: Path, sealed: string): Value
}

/**
 * AES-256-GCM with a key of its own for each namespace and path (HMAC-SHA-256 of the master key) and that pair as associated data; the nonce is an
 * HMAC of the value under the same key, so that an unchanged secret makes no new version, while equal secrets at two paths look different.
 */
export function secretsOf(namespace: string, load: () => Keyring): Secrets {
  let ring: Keyring | undefined
  const context = (path: Path): string => `${namespace}\0${printPath(path)}`
  const ready = (): Keyring => {
    ring ??= load()
    return ring
  }

  function open(path: Path, text: string): Value {
    const { id, sealed } = readSeal(text)
    const plain = ready().decrypt(id, sealed, context(path))
    if (plain === undefined)
      refuse(`the secret at ${printPath(path)} does not open with key ${id}: it was moved or changed`, id)
    return freeze(JSON.parse(plain) as Value)
  }

  /** A secret whose key is lost can still be replaced. */
  function says(path: Path, sealed: string, value: Value): boolean {
    const found = opened(path, sealed)
    return found !== undefined && equal(found, value)
  }

  function opened(path: Path, sealed: string): Value | undefined {
    try {
      return open(path, sealed)
    } catch (error) {
      if (HoldfastError.is(error, 'key')) return undefined
      throw error
    }
  }

  return {
    prepare: (snapshot) => ready().ensure(() => !holdsSecrets(snapshot)),
    seal(path, value, known) {
      if (isSealed(known) && says(path, known, value)) return known
      return printSeal(ready().encrypt(canonical(value), context(path)))
    },
    key: () => ready().first(),
    mark: (path, value) => printSeal(ready().encrypt(canonical(value), context(path), 'last')),
    reseal(path, sealed) {
      if (readSeal(sealed).id === ready().first()) return sealed
      return printSeal(ready().encrypt(canonical(open(path, sealed)), context(path)))
    },
    isSame(path, one, other) {
      if (readSeal(one).id === readSeal(other).id) return one === other // under one key the same value is the same text
      const value = opened(path, one)
      return value !== undefined && says(path, other, value)
    },
    open,
  }
}

const holdsSecrets = ({ effective }: Snapshot): boolean =>
  [...effective.values()].some((doc) => doc.text.includes(SEAL))

function refuse(message: string, keyId?: string): never {
  throw new HoldfastError('key', message, keyId === undefined ? {} : { keyId })
}
