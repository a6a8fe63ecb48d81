import type { Call } from './command.ts'
import { refuse } from './refuse.ts'

/** What one action of a command takes after its name: operands in order, those in brackets may be missing; and flags of its own. */
export interface Action {
  readonly takes: readonly string[]
  readonly flags?: readonly string[]
  readonly run: (call: Call, operands: readonly string[]) => Promise<number | undefined>
}

/** Runs the action that the first operand names (else `usual`); refuses operands and flags that belong to another one. */
export async function runAction(
  call: Call,
  command: string,
  actions: Readonly<Record<string, Action>>,
  usual = '',
): Promise<number | undefined> {
  const [name = usual, ...operands] = call.operands
  const action = actions[name]
  if (action === undefined)
    return refuse(`holdfast ${command} needs an action.`, `Choose from ${Object.keys(actions).join(', ')}.`)
  const usage = `Write holdfast ${[command, name, ...action.takes].join(' ')}.`
  const missing = action.takes[operands.length]
  if (missing !== undefined && !missing.startsWith('[')) refuse(`holdfast ${command} ${name} needs ${missing}.`, usage)
  const extra = operands[action.takes.length]
  if (extra !== undefined) refuse(`holdfast ${command} ${name} does not take ${JSON.stringify(extra)}.`, usage)
  refuseOthersFlags(call, `${command} ${name}`, action, Object.values(actions))
  return action.run(call, operands)
}

function refuseOthersFlags({ flags }: Call, what: string, { flags: own = [] }: Action, all: readonly Action[]): void {
  const stranger = all.flatMap((one) => one.flags ?? []).find((name) => !own.includes(name) && flags.has(name))
  if (stranger === undefined) return
  refuse(
    `holdfast ${what} does not take --${stranger}.`,
    own.length === 0 ? 'Leave it out.' : `Its flags are --${own.join(', --')}.`,
  )
}
