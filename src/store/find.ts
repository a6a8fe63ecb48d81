import { HoldfastError } from '../model/errors.ts'
import type { Version, VersionId, VersionRef } from '../model/version.ts'
import type { Reader } from './driver.ts'
import { baselineOf, taggedVersion } from './marks.ts'
import { readVersion } from './read.ts'

/** The version a reference names; `undefined` where there is none, or none any more. */
export async function findVersion(reader: Reader, namespace: string, ref: VersionRef): Promise<Version | undefined> {
  const base = await findBase(reader, namespace, ref.base)
  if (base === undefined) return undefined
  const id = ref.back === 0 ? base : await stepBack(reader, namespace, base, ref.back)
  return id === undefined ? undefined : readVersion(reader, namespace, id)
}

async function findBase(reader: Reader, namespace: string, base: VersionRef['base']): Promise<VersionId | undefined> {
  switch (base.kind) {
    case 'id':
      return (await readVersion(reader, namespace, base.id))?.id
    case 'latest':
      return (await readVersion(reader, namespace))?.id
    case 'baseline':
      return baselineOf(reader, namespace)
    case 'time':
      return versionAt(reader, namespace, base.time)
    case 'tag':
      return taggedVersion(reader, namespace, base.name)
    case 'name':
      return (await taggedVersion(reader, namespace, base.name)) ?? versionOfHash(reader, namespace, base.name)
  }
}

/** Walks from the newest by number, because a clock may have gone back between two versions. */
const AT = 'SELECT id FROM version_log WHERE namespace = ? AND created_at <= ? ORDER BY id DESC LIMIT 1'

async function versionAt(reader: Reader, namespace: string, time: string): Promise<VersionId | undefined> {
  const [row] = await reader.query<{ id: number }>(AT, namespace, time)
  return row?.id
}

/** Looks at every version of the namespace: people ask so now and then, and an index would cost each commit. */
const OF_HASH = `
SELECT config_hash AS hash, max(id) AS id FROM version_log
WHERE namespace = ? AND config_hash >= ? AND config_hash < ? GROUP BY config_hash ORDER BY max(id) DESC LIMIT 6`

async function versionOfHash(reader: Reader, namespace: string, name: string): Promise<VersionId | undefined> {
  const prefix = name.toLowerCase()
  if (!/^[0-9a-f]{8,64}$/.test(prefix)) return undefined
  const rows = await reader.query<{ hash: string; id: number }>(OF_HASH, namespace, prefix, `${prefix}g`)
  if (rows.length <= 1) return rows[0]?.id
  const candidates = rows.map((row) => `${row.hash.slice(0, prefix.length + 8)} (version ${row.id})`).join(', ')
  throw new HoldfastError(
    'malformed',
    `hash ${prefix} is ambiguous in namespace ${namespace}: ${candidates}. Say more digits`,
    {
      what: name,
    },
  )
}

const BACK = 'SELECT id FROM version_log WHERE namespace = ? AND id <= ? ORDER BY id DESC LIMIT 1 OFFSET ?'

async function stepBack(
  reader: Reader,
  namespace: string,
  id: VersionId,
  steps: number,
): Promise<VersionId | undefined> {
  const [row] = await reader.query<{ id: number }>(BACK, namespace, id, steps)
  return row?.id
}
