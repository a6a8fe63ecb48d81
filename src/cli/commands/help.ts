import type { Run } from '../command.ts'
import { COMMANDS, findCommand, GLOBALS } from '../commands.ts'
import { overview, page } from '../help.ts'

export const run: Run = async ({ operands, print }) => {
  const [name] = operands
  const options = { width: Math.min(print.width, 80), paint: (text: string) => print.paint('bold', text) }
  print.lines(name === undefined ? overview(COMMANDS, GLOBALS, options) : page(findCommand(name), GLOBALS, options))
  return undefined
}
