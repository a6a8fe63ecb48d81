import type { Run } from '../command.ts'
import { overview, page } from '../help.ts'

export const run: Run = async ({ table, operands, print }) => {
  const [name] = operands
  const options = { width: Math.min(print.width, 80), paint: (text: string) => print.paint('bold', text) }
  print.lines(
    name === undefined
      ? overview(table.commands, table.globals, options)
      : page(table.find(name), table.globals, options),
  )
  return undefined
}
