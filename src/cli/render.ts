import type { FormatName } from '../format/format.ts'
import { loadFormat } from '../format/load.ts'
import { withValue } from '../model/layer.ts'
import { type Path, printPath } from '../model/path.ts'
import { isTree, type Tree, type Value } from '../model/value.ts'
import { refuse } from './refuse.ts'

/** Formats whose lines say where a key stands: they keep the section, as a file of theirs would. */
const KEEPS_PATH: readonly string[] = ['toml', 'ini', 'env', 'properties']

/** A value as a text of the format; a single value only where the format can say one. */
export async function renderAs(format: string, path: Path, value: Value): Promise<string> {
  if (!isTree(value) && format === 'yaml') return `${JSON.stringify(value)}\n`
  const tree = KEEPS_PATH.includes(format) ? withValue({}, path, value) : value
  if (!isTree(tree))
    return refuse(
      `${printPath(path)} is a single value, which ${format} cannot say alone.`,
      'Leave --format out, or ask for its section.',
    )
  const text = (await loadFormat(format as FormatName)).render(tree as Tree)
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
