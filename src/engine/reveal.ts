import { coerceText } from '../model/coerce.ts'
import { CONCEALED } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { interpolate } from '../model/interpolate.ts'
import { valueAt } from '../model/layer.ts'
import { LIMITS } from '../model/limits.ts'
import { type Path, parsePath, printPath } from '../model/path.ts'
import type { SchemaReader } from '../model/schema.ts'
import { mapStrings, SEAL } from '../model/secret.ts'
import type { Discretion, Reveal, Snapshot } from '../model/snapshot.ts'
import { isTree, type Value } from '../model/value.ts'
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
  return (snapshot, path, value, discretion = OPEN) => {
    const open = (at: Path, sealed: string): Value => (discretion.mayOpen(at) ? secrets.open(at, sealed) : CONCEALED)

    /** A value as others that refer to it take it in: references in it are resolved there too where its own layer asks for that. */
    function meant(at: Path, found: Value): Value {
      if (typeof found === 'string' && found.startsWith(SEAL)) return literal(open(at, found))
      if (typeof found === 'string') return isInterpolated(snapshot, at) ? found : literal(found)
      if (!isTree(found)) return literal(found)
      return Object.fromEntries(Object.entries(found).map(([key, child]) => [literal(key), meant([...at, key], child)]))
    }

    function resolve(at: Path, text: string): Value {
      const resolved = interpolate(text, {
        variable: (name) => environment[name],
        value(name) {
          const found = snapshot.sealedAt(parsePath(name))
          return found === undefined ? undefined : toText(meant(parsePath(name), found))
        },
      })
      return coerceText(readerNow(), at, resolved, LIMITS)
    }

    return mapStrings(value, (text, rest) => {
      const at = [...path, ...rest]
      if (text.startsWith(SEAL)) return open(at, text)
      if (!text.includes('${') || !isInterpolated(snapshot, at)) return text
      return orElse(discretion, { at, text }, () => resolve(at, text))
    })
  }
}

const OPEN: Discretion = { mayOpen: () => true, unanswered: 'tell' }

function orElse(
  { unanswered }: Discretion,
  { at, text }: { readonly at: Path; readonly text: string },
  resolve: () => Value,
): Value {
  try {
    return resolve()
  } catch (error) {
    const isUnanswered = HoldfastError.is(error, 'not-found') || HoldfastError.is(error, 'malformed')
    if (!isUnanswered || unanswered === 'tell') throw error
    if (unanswered === 'keep') return text
    const what = printPath(at)
    throw new HoldfastError('not-found', `what ${what} refers to has no answer`, { what })
  }
}

const toText = (value: Value): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Written so that nothing in it is taken for a reference. */
const literal = <V extends Value>(value: V): V => JSON.parse(JSON.stringify(value).replaceAll('${', () => '$${')) as V

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
