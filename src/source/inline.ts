import { type InlineSpec, sourceName } from '../model/layer.ts'
import { type Tree, toValue } from '../model/value.ts'
import { sha256 } from './fingerprint.ts'
import type { Fingerprint, Loaded, SourceOptions } from './source.ts'

/** The values that the program gave, checked against the limits in force. */
export async function loadInline(
  spec: InlineSpec,
  options: SourceOptions,
  previous?: Fingerprint,
): Promise<Loaded | 'unchanged'> {
  const tree = toValue(spec.values, options.limits, `the values of ${sourceName(spec)}`) as Tree
  const digest = await sha256(JSON.stringify(tree))
  if (previous?.['sha256'] === digest) return 'unchanged'
  return { tree, isText: false, positions: new Map(), fingerprint: { sha256: digest } }
}
