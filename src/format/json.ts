import type { Format, FormatName } from './format.ts'
import { spliceJson } from './json-edit.ts'
import { type JsonDialect, type JsonNode, readJson } from './json-read.ts'
import { makeFormat } from './notation.ts'

/** JSON as RFC 8259 has it. */
export const json: Format = dialect('json', { comments: false, trailingCommas: false, json5: false })

/** JSON with comments and trailing commas, as editors keep their settings. */
export const jsonc: Format = dialect('jsonc', { comments: true, trailingCommas: true, json5: false })

/** JSON5. It is written as plain JSON, which is JSON5 too. */
export const json5: Format = dialect('json5', { comments: true, trailingCommas: true, json5: true })

function dialect(name: FormatName, allows: JsonDialect): Format {
  return makeFormat<JsonNode>({
    name,
    isText: false,
    read: (source) => readJson(source, allows),
    write: (tree) => `${JSON.stringify(tree, null, 2)}\n`,
    splices: spliceJson(allows),
  })
}
