import { HoldfastError, type Issue } from '../model/errors.ts'
import type { Limits } from '../model/limits.ts'
import { type Path, printPath } from '../model/path.ts'
import type { SchemaReader } from '../model/schema.ts'
import type { Snapshot } from '../model/snapshot.ts'
import type { Tree } from '../model/value.ts'
import { once } from './lazily.ts'
import type { State } from './stored.ts'
import type { Validator } from './validate.ts'

/** What a configuration must satisfy: the schema the store keeps, and what only this process's code can check. */
export interface Rules {
  /** Reads the state's schema; `undefined` where there is none. */
  reader(state: State): Promise<SchemaReader | undefined>
  /** The reader where it was loaded before; reading values must not wait. */
  readerNow(state: State): SchemaReader | undefined
  /** All findings about a snapshot's whole configuration, its references among them. */
  issues(state: State): Promise<readonly Issue[]>
  /** Uses a validator that has more than the stored schema says (a Standard Schema's code) for states of that schema. */
  adopt(text: string, validator: Validator): void
}

export function rulesOf(limits: Limits): Rules {
  const validators = new Map<string, Promise<Validator>>()
  const readers = new Map<string, SchemaReader>()

  async function validator(text: string): Promise<Validator> {
    let known = validators.get(text)
    if (known === undefined) {
      known = import('./validate.ts').then(({ compileSchema }) => compileSchema(JSON.parse(text), { limits }))
      validators.set(text, known)
    }
    return known
  }

  return {
    async reader({ schema }) {
      if (schema === undefined) return undefined
      let reader = readers.get(schema)
      if (reader === undefined) {
        const { openReader } = await import('./patterns.ts')
        reader = await openReader(JSON.parse(schema) as Tree)
        readers.set(schema, reader)
      }
      return reader
    },
    readerNow: ({ schema }) => (schema === undefined ? undefined : readers.get(schema)),
    async issues({ schema, snapshot }) {
      const refers = snapshot.layers.some((layer) => layer.interpolates)
      if (schema === undefined && !refers) return []
      const { readable } = await loadReadable()
      const { tree, broken, unread } = readable(snapshot, { needsVariables: schema !== undefined })
      const found = schema === undefined ? [] : await (await validator(schema)).validate(tree)
      const told = unread.size === 0 ? found : found.filter(({ path }) => !unread.has(path))
      return broken.length === 0 ? told : (await import('./issues.ts')).limited([...broken, ...told])
    },
    adopt(text, made) {
      validators.set(text, Promise.resolve(made))
      readers.set(text, made.reader)
    },
  }
}

/** Asked for once: an `import()` of what is there costs as much as staging a change. */
const loadReadable = once(() => import('./readable.ts'))

/** What is asked of `paths` that a pinned layer keeps from taking effect. */
export function shadowed(snapshot: Snapshot, paths: readonly Path[]): readonly Issue[] {
  return paths.flatMap((path) => {
    const pinned = snapshot.layers.find(
      (layer) => layer.isPinned && speaksOf(layer.documents.get(path[0]!)?.value, path.slice(1)),
    )
    if (pinned === undefined) return []
    const message = `cannot take effect: the pinned layer ${pinned.name} decides about this key`
    return [{ path: printPath(path), code: 'shadowed', message }]
  })
}

function speaksOf(value: unknown, path: Path): boolean {
  let at = value
  for (const segment of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return at !== undefined
    at = Object.hasOwn(at, segment) ? (at as Record<string, unknown>)[segment] : undefined
  }
  return at !== undefined
}

/** Refuses (`invalid`) a configuration with findings, naming the first of them. */
export function requireValid(issues: readonly Issue[]): void {
  if (issues.length > 0) throw invalid(issues)
}

/** The refusal that findings make. */
export function invalid(issues: readonly Issue[]): HoldfastError<'invalid'> {
  const shown = issues.slice(0, 3).map(sentence)
  const more = issues.length > shown.length ? `, and ${issues.length - shown.length} more` : ''
  const message = `the configuration would not be valid: ${shown.join('; ')}${more}`
  return new HoldfastError('invalid', message, { issues })
}

function sentence({ path, message, source }: Issue): string {
  const text = path === '' ? message : `${path} ${message}`
  return source === undefined ? text : `${source}: ${text}`
}
