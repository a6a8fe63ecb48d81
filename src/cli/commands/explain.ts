import type { Explanation, KeyDescription, LayerValue } from '../../model/config.ts'
import { parsePath, printPath } from '../../model/path.ts'
import type { Run } from '../command.ts'
import { defined } from '../flags.ts'
import { openTarget } from '../open.ts'
import type { Printer } from '../print.ts'
import { pairs } from '../table.ts'
import { ellipsise, visible, widthOf } from '../text.ts'
import { ago, stamp } from '../time.ts'
import { showValue } from '../values.ts'

export const run: Run = async (call) => {
  const { operands, flags, print } = call
  const path = printPath(parsePath(operands[0]!))
  await using config = await openTarget(call)
  const told = await config.explain(path, defined({ at: flags.text('at'), reveal: flags.has('reveal') || undefined }))
  if (print.json) print.document(told)
  else show(told, print)
  return undefined
}

function show(told: Explanation, print: Printer): void {
  const { path, value, type, winner, beaten } = told
  const what = value === undefined ? 'has no value' : `= ${showValue(value)}`
  const kind = type === null ? '' : `  (${type})`
  const name = ellipsise(visible(path), Math.floor(print.room / 2))
  const head = ellipsise(what, print.room - widthOf(name) - widthOf(kind) - 1)
  print.line(print.paint('bold', `${name} ${head}${kind}`))
  print.line()
  print.lines(pairs(factsOf(told), print))
  if (beaten.length > 0) print.lines(['', print.paintTitle('over'), ...stack(beaten, print)])
  if (winner === null && beaten.length === 0) print.lines(['', 'No layer says anything about it.'])
}

function factsOf(told: Explanation): readonly (readonly [string, string])[] {
  const { winner, override, lastChange, schema, stale, version } = told
  return [
    ...(winner === null ? [] : [['from', placeOf(winner)] as const]),
    ...(override === null ? [] : [['override', overrideText(override)] as const]),
    ...(override?.comment ? [['comment', override.comment] as const] : []),
    ...(lastChange === null ? [] : changeFacts(lastChange)),
    ...(schema === null ? [] : schemaFacts(schema)),
    ...stale.map((source) => ['stale', `${source} failed to load; this is its last good content`] as const),
    ['at', `version ${version}`],
  ]
}

function overrideText({ state, baseAtSet }: NonNullable<Explanation['override']>): string {
  if (state === 'stale') return `stale: the base was ${showValue(baseAtSet)} when it was set, and has moved since`
  if (state === 'redundant') return 'redundant: it equals its base'
  if (state === 'orphaned') return 'orphaned: the base or the schema no longer knows the key'
  return 'intentional'
}

function changeFacts({ version, who, when, why }: NonNullable<Explanation['lastChange']>): [string, string][] {
  return [
    ['set by', `${who}, ${ago(when, new Date())} (${stamp(when)}), version ${version}`],
    ...(why === null ? [] : [['because', why] as [string, string]]),
  ]
}

function schemaFacts({
  types,
  description,
  allowed,
  limits,
  isSecret,
  needsRestart,
  ...rest
}: KeyDescription): [string, string][] {
  const rules = [
    ...(types === undefined ? [] : [types.join(' or ')]),
    ...(allowed === undefined ? [] : [`one of ${allowed.map((item) => JSON.stringify(item)).join(', ')}`]),
    ...Object.entries(limits ?? {}).map(([name, limit]) => `${name} ${JSON.stringify(limit)}`),
    ...(rest.default === undefined ? [] : [`default ${showValue(rest.default)}`]),
    ...(isSecret ? ['secret'] : []),
    ...(needsRestart ? ['needs a restart'] : []),
  ]
  return [
    ...(description === undefined ? [] : [['meaning', description] as [string, string]]),
    ...(rules.length === 0 ? [] : [['rules', rules.join(', ')] as [string, string]]),
  ]
}

const placeOf = ({ layer, position, isMask, isPinned }: LayerValue): string =>
  `${layer}${position ? `:${position.line}` : ''}${isMask ? ' (a mask: it takes the key away)' : ''}${isPinned ? ' (pinned)' : ''}`

/** What the winner beat, strongest first, values in one column. */
function stack(layers: readonly LayerValue[], print: Printer): string[] {
  const rows = layers.map((layer) => [placeOf(layer), layer.isMask ? '–' : showValue(layer.value)] as const)
  return pairs(rows, { width: print.room - 2, paintTitle: print.paintTitle }).map((line) => `  ${line}`)
}
