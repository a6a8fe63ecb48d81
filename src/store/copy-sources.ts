import type { Copy } from './copy-parts.ts'
import { deleteRows, findRows, insertRows, MOST_ROWS, printOf, type Row } from './copy-rows.ts'
import { equalise } from './copy-shelf.ts'
import { SOURCE_STATES } from './copy-tables.ts'
import type { Reader } from './driver.ts'

const COLUMNS = [...SOURCE_STATES.columns.keys()]

/**
 * Makes the states of sources the same, and with each the positions of keys in its documents, which change with it and with nothing else.
 * `level` is the version up to which this was done before; tells how many states were not the same.
 */
export async function copySources(copy: Copy, level: number): Promise<number> {
  const states = await copy.source.query<Row>(`SELECT ${COLUMNS.join(', ')} FROM source_states`)
  let changed = 0
  for (let at = 0; at < states.length; at += MOST_ROWS) {
    const some = states.slice(at, at + MOST_ROWS)
    const there = await findRows(copy.target, SOURCE_STATES, COLUMNS, some)
    const same = new Set(there.map((row) => printOf(COLUMNS, row)))
    for (const state of some.filter((row) => !same.has(printOf(COLUMNS, row)))) {
      await copySource(copy, state, level)
      changed++
    }
  }
  return changed + (await equalise(copy, SOURCE_STATES))
}

/** A document that had a successor when positions were last copied has kept its own since. */
const POSITIONS = `
SELECT d.name, d.version_id, d.positions FROM config_documents d
WHERE d.namespace = ? AND d.layer = ? AND d.content IS NOT NULL AND d.version_id >= coalesce((
  SELECT max(x.version_id) FROM config_documents x
  WHERE x.namespace = d.namespace AND x.layer = d.layer AND x.name = d.name AND x.version_id <= ?), 0)`

const SET_POSITIONS =
  'UPDATE config_documents SET positions = ? WHERE namespace = ? AND layer = ? AND name = ? AND version_id = ?'

interface Positions {
  readonly name: string
  readonly version_id: number
  readonly positions: string | null
}

/** The state was read before its positions: where it changed between, it is not the same in the next pass. */
async function copySource({ source, target }: Copy, state: Row, level: number): Promise<void> {
  const { namespace, name } = state as { readonly namespace: string; readonly name: string }
  const layer = `source:${name}`
  const read = (reader: Reader) => reader.query<Positions>(POSITIONS, namespace, layer, level)
  const [here, there] = [await read(source), await read(target)]
  const known = new Map(there.map((one) => [printOf(['name', 'version_id'], { ...one }), one.positions]))
  await target.write(async (tx) => {
    for (const one of here) {
      const found = known.get(printOf(['name', 'version_id'], { ...one }))
      if (found === undefined || found === one.positions) continue
      await tx.run(SET_POSITIONS, one.positions, namespace, layer, one.name, one.version_id)
    }
    await deleteRows(tx, SOURCE_STATES, [state])
    await insertRows(tx, SOURCE_STATES, [state])
  })
}
