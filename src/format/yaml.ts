import type { Format } from './format.ts'
import { makeFormat, oneByOne } from './notation.ts'
import { spliceYaml } from './yaml-edit.ts'
import { readYaml, type YamlBranch } from './yaml-read.ts'
import { writeYaml } from './yaml-write.ts'

/** YAML 1.2, core schema, one document: `yes` is text, aliases are written out, a bare `<<` merges. */
export const yaml: Format = makeFormat<YamlBranch | undefined>({
  name: 'yaml',
  isText: false,
  read: readYaml,
  write: (tree) => writeYaml(tree),
  splices: oneByOne(spliceYaml),
})
