import type { VerifyResult } from '../../model/admin.ts'
import type { Run } from '../command.ts'
import { defined } from '../flags.ts'
import { openStore } from '../open.ts'
import { DIFFERENT, DONE, type Printer } from '../print.ts'
import { progressLine } from '../progress.ts'
import { count, pad, visible, wrap } from '../text.ts'

export const run: Run = async (call) => {
  const { flags, io, print } = call
  const { admin, target } = await openStore(call)
  await using store = admin
  const expectHead = flags.text('expect-head')
  const isOne = flags.has('namespace') || expectHead !== undefined
  const { onProgress, clear } = progressLine('verifying', io, print)
  const result = await store.verify(
    defined({ namespace: isOne ? target.namespace : undefined, expectHead, onProgress }),
  )
  clear()
  if (print.json) print.document(result)
  else printVerdict(result, print)
  return result.ok ? DONE : DIFFERENT
}

/** The verdict, the problems by version, and the heads to keep elsewhere. */
export function printVerdict({ ok, versions, problems, heads }: VerifyResult, print: Printer): void {
  const style = ok ? 'green' : 'red'
  const verdict = ok
    ? `Good: ${count(versions, 'version')}, every hash and the chain hold.`
    : `Not good: ${count(problems.length, 'problem')} in ${count(versions, 'version')}.`
  print.line(print.paint(style, verdict))
  for (const { namespace, version, message } of problems) {
    const where = [namespace, version === null ? null : `version ${version}`].filter((part) => part !== null).join(' ')
    print.lines(
      wrap(visible(`${where === '' ? '' : `${where}: `}${message}`), print.width - 2).map((line) => `  ${line}`),
    )
  }
  print.lines(headLines(heads, print))
}

/** The heads whole, because they are there to be copied. */
function headLines(heads: VerifyResult['heads'], print: Printer): string[] {
  const names = Object.entries(heads)
  const left = Math.max(...names.map(([name]) => name.length))
  const lines = names.flatMap(([name, head]) =>
    left + head.length + 4 <= print.width ? [`  ${pad(name, left)}  ${head}`] : [`  ${name}`, `    ${head}`],
  )
  return names.length === 0 ? [] : ['', print.paintTitle('heads'), ...lines]
}
