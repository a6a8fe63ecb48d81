import { coerceText } from '../model/coerce.ts'
import { interpolate } from '../model/interpolate.ts'
import { valueAt } from '../model/layer.ts'
import { LIMITS } from '../model/limits.ts'
import { type Path, parsePath } from '../model/path.ts'
import type { SchemaReader } from '../model/schema.ts'
import { isSealed, mapStrings, SEAL } from '../model/secret.ts'
import type { Reveal, Snapshot } from '../model/snapshot.ts'
import type { Value } from '../model/value.ts'
import { type KeyringOptions, loadKeyring } from './keyring.ts'
import { type Secrets, secretsOf } from './secrets.ts'

/** What reads and writes a namespace's values that are not stored as they are meant: encrypted, or with references to others. */
export interface Sight {
  readonly secrets: Secrets
  readonly reveal: Reveal
}

export interface SightOptions extends KeyringOptions {
  readonly namespace: string
  /** The schema's reader where it is loaded: what a resolved text should be. */
  readonly readerNow: () => SchemaReader | undefined
}

/** Loaded only where something in force is not plain, or when something is to be changed. */
export function sightOf(options: SightOptions): Sight {
  const secrets = secretsOf(options.namespace, () => loadKeyring(options))
  return { secrets, reveal: revealOf(secrets, options) }
}

/** Values as a reader may see them: secrets decrypted, and `${…}` resolved where the layer that gave the value asks for it. */
function revealOf(secrets: Secrets, { environment, readerNow }: SightOptions): Reveal {
  function reveal(snapshot: Snapshot, path: Path, value: Value): Value {
    return mapStrings(value, (text, rest) => {
      const at = [...path, ...rest]
      if (text.startsWith(SEAL)) return secrets.open(at, text)
      return text.includes('${') && isInterpolated(snapshot, at) ? resolve(snapshot, at, text) : text
    })
  }

  function resolve(snapshot: Snapshot, at: Path, text: string): Value {
    const resolved = interpolate(text, {
      variable: (name) => environment[name],
      value: (name) => toText(secrets, parsePath(name), snapshot.sealedAt(parsePath(name))),
    })
    return coerceText(readerNow(), at, resolved, LIMITS)
  }

  return reveal
}

function toText(secrets: Secrets, path: Path, value: Value | undefined): string | undefined {
  if (value === undefined) return undefined
  const plain = isSealed(value) ? secrets.open(path, value) : value
  return typeof plain === 'string' ? plain : JSON.stringify(plain)
}

/** True where the value in effect at `path` was given by a layer that asks for its references to be resolved. */
function isInterpolated(snapshot: Snapshot, path: Path): boolean {
  const isHeld = path.some((_, i) => snapshot.overrideAt(path.slice(0, i + 1)) !== undefined)
  const givers = snapshot.layers.filter(
    (layer) => valueAt(layer.documents.get(path[0]!)?.value, path.slice(1)) !== undefined,
  )
  const pinned = givers.findLast((layer) => layer.isPinned)
  const giver = pinned ?? (isHeld ? undefined : givers.at(-1))
  return giver?.interpolates ?? false
}
