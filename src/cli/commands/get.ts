import type { FormatName } from '../../format/format.ts'
import type { Config, ConfigSnapshot } from '../../model/config.ts'
import { HoldfastError } from '../../model/errors.ts'
import { leaves, valueAt } from '../../model/layer.ts'
import { type Path, parsePath, printPath, toSectionKey } from '../../model/path.ts'
import { isTree, type Tree, type Value } from '../../model/value.ts'
import type { Call, Run } from '../command.ts'
import { openTarget } from '../open.ts'
import type { Printer } from '../print.ts'
import { visible, visibleLines } from '../text.ts'

export const run: Run = async (call) => {
  const { operands, flags } = call
  const path = operands[0] === undefined ? [] : parsePath(operands[0])
  await using config = await openTarget(call, { reveal: flags.has('reveal') })
  const at = flags.text('at')
  const snapshot = at === undefined ? config : await config.at(at)
  const value = find(snapshot, path, flags.has('reveal'))
  await printValue(call, path, value === undefined ? await refuseMissing(snapshot, path) : value)
  return undefined
}

/** A secret is shown only where `--reveal` asks for it. */
function find(snapshot: Config | ConfigSnapshot, path: Path, reveal: boolean): Value | undefined {
  return valueAt(snapshot.toJSON({ reveal }), path)
}

async function printValue({ flags, print }: Call, path: Path, value: Value): Promise<void> {
  const format = flags.text('format')
  if (print.json || format === 'json') return print.document(value)
  if (format !== undefined) {
    const { renderAs } = await import('../../format/render.ts')
    return print.raw(shown(await renderAs(format as FormatName, path, value), print))
  }
  if (isTree(value)) return printLines(path, value, print)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  print.line(print.isTerminal ? visible(text) : text)
}

/** One line for each key, as `set` would take it. */
async function printLines(path: Path, value: Tree, print: Printer): Promise<void> {
  const { showValue } = await import('../values.ts')
  for (const [rest, leaf] of leaves(value)) {
    print.line(`${visible(printPath([...path, ...rest]))} = ${showValue(leaf)}`)
  }
}

const shown = (text: string, print: Printer): string => (print.isTerminal ? visibleLines(text) : text)

async function refuseMissing(snapshot: Config | ConfigSnapshot, path: Path): Promise<never> {
  const what = printPath(path)
  const { section, key } = toSectionKey(path)
  if (snapshot.isOverridden(section, key)) {
    throw new HoldfastError(
      'not-found',
      `${what} is masked: an override takes it away.\nSee "holdfast explain ${what}"; "holdfast unset ${what}" brings it back.`,
      { what },
    )
  }
  const { nearestPath } = await import('../nearest.ts')
  const near = nearestPath(path, snapshot.toJSON({ reveal: false }))
  throw new HoldfastError(
    'not-found',
    `there is no ${what}.${near === undefined ? '\nSee "holdfast get" for all there is.' : ` Did you mean ${near}?`}`,
    { what },
  )
}
