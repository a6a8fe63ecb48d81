import { HoldfastError } from '../model/errors.ts'
import { withValue } from '../model/layer.ts'
import { type Path, printPath } from '../model/path.ts'
import { isTree, type Value } from '../model/value.ts'
import type { FormatName } from './format.ts'
import { loadFormat } from './load.ts'

/** Formats whose lines say where a key stands: they keep the section, as a file of theirs would. */
const KEEPS_PATH: readonly FormatName[] = ['toml', 'ini', 'env', 'properties']

/** The value that stands at `path`, as a text of the format; a single value only where the format can say one. */
export async function renderAs(format: FormatName, path: Path, value: Value): Promise<string> {
  if (!isTree(value) && format === 'yaml') return `${JSON.stringify(value)}\n`
  const tree = KEEPS_PATH.includes(format) ? withValue({}, path, value) : value
  if (!isTree(tree)) {
    const what = printPath(path)
    const text = `${what} is a single value, which ${format} cannot say alone: leave the format out, or ask for its section`
    throw new HoldfastError('unsupported', text, { what })
  }
  const text = (await loadFormat(format)).render(tree)
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
