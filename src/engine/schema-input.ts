import type { Fingerprint, Source } from '../source/source.ts'
import type { Store } from '../store/store.ts'
import type { OpenOptions } from './options.ts'
import type { Parts } from './parts.ts'

/** What `saveSource` keeps the last look at the schema's file under; no source can have this name. */
const SCHEMA_STATE = '$schema'

/** The schema asked for. */
export interface GivenSchema {
  /** Its canonical text, as the store keeps it; absent where it is the one that the store has. */
  readonly other?: string
  /** Remembers the look at its file, once the configuration was found to satisfy it. */
  accepted(): Promise<void>
}

export async function givenSchema(parts: Parts, input: NonNullable<OpenOptions['schema']>): Promise<GivenSchema> {
  if (typeof input === 'string') return fromFile(parts, input)
  return { ...differing(parts, await textOf(parts, input)), accepted: nothing }
}

const nothing = async (): Promise<void> => undefined

/** The canonical text; the code of a Standard Schema is kept beside it in this process. */
async function textOf(parts: Parts, schema: unknown): Promise<string> {
  const [{ compileSchema }, { isStandardSchema }, { canonical }] = await Promise.all([
    import('./validate.ts'),
    import('./standard-schema.ts'),
    import('../model/canonical.ts'),
  ])
  const validator = await compileSchema(schema, { limits: parts.limits })
  const text = canonical(validator.schema)
  if (isStandardSchema(schema)) parts.rules.adopt(text, validator)
  return text
}

const differing = ({ head }: Parts, text: string): { readonly other?: string } =>
  text === head.state.schema ? {} : { other: text }

/** A file that has not changed since the last look is not read again: it costs a command more than all else it does. */
async function fromFile(parts: Parts, path: string): Promise<GivenSchema> {
  const { store, namespace, head } = parts
  const source = await schemaSource(parts, path)
  const loaded = await source.load(head.state.schema === undefined ? undefined : await lastLook(store, namespace, path))
  if (loaded === 'unchanged') return { accepted: nothing }
  const at = parts.now().toISOString()
  const fingerprint = JSON.stringify({ ...loaded.fingerprint, path })
  const state = { name: SCHEMA_STATE, state: 'ok', error: null, fingerprint, loadedAt: at, checkedAt: at } as const
  return { ...differing(parts, await textOf(parts, loaded.tree)), accepted: () => store.saveSource(namespace, state) }
}

async function lastLook(store: Store, namespace: string, path: string): Promise<Fingerprint | undefined> {
  const known = (await store.sources(namespace)).find(({ name }) => name === SCHEMA_STATE)
  const fingerprint = known?.fingerprint == null ? undefined : (JSON.parse(known.fingerprint) as Fingerprint)
  return fingerprint?.['path'] === path ? fingerprint : undefined
}

async function schemaSource({ directory, environment, limits }: Parts, path: string): Promise<Source> {
  const [{ openSource }, { file }] = await Promise.all([import('../source/open.ts'), import('../source/spec.ts')])
  return openSource(file(path), {
    directory,
    environment,
    limits: { ...limits, depth: limits.depth * 6, keyLength: 4096 },
  })
}
