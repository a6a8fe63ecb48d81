import { leaves } from '../../model/layer.ts'
import { printPath, toSectionKey } from '../../model/path.ts'
import type { Argument, Call, Command, Option, Run, Table } from '../command.ts'
import { Flags } from '../flags.ts'
import { openAsStored } from '../open.ts'

const FILE = '<file>'
const MOST = 500

/** The words a line may go on with, one a line. A shell that gets nothing offers nothing, so a refusal stays silent. */
export const run: Run = async (call) => {
  const words = call.operands
  const typed = words.at(-1) ?? ''
  const all = await candidates(words.slice(0, -1), typed, call).catch(() => [])
  const fitting = all.filter((each) => each === FILE || each.startsWith(typed)).slice(0, MOST)
  call.print.lines(fitting.filter((each) => !/[\u0000-\u001f\u007f]/.test(each)))
  return undefined
}

async function candidates(before: readonly string[], typed: string, call: Call): Promise<readonly string[]> {
  const { commands, globals } = call.table
  const seen = readWords(before, call.table)
  if (seen.awaits !== undefined) return valuesOf(seen.awaits, seen, call)
  if (typed.startsWith('-')) return [...(seen.command?.options ?? []), ...globals].map(({ name }) => `--${name}`)
  if (seen.command === undefined) return commands.filter(({ isHidden }) => !isHidden).map(({ name }) => name)
  const takes = seen.command.arguments[seen.operands] ?? seen.command.arguments.filter(({ isMany }) => isMany).at(-1)
  return takes === undefined ? [] : argumentValues(takes, typed, seen, call)
}

interface Seen {
  readonly command: Command | undefined
  readonly operands: number
  /** The flag whose value comes next. */
  readonly awaits: Option | undefined
  readonly flags: Flags
}

/** What the words before the cursor say; unlike the real reading, nothing is refused. */
function readWords(words: readonly string[], { commands, globals }: Table): Seen {
  let command: Command | undefined
  let operands = 0
  let awaits: Option | undefined
  const flags = new Map<string, string[]>()
  for (const word of words) {
    if (awaits !== undefined) {
      flags.set(awaits.name, [...(flags.get(awaits.name) ?? []), word])
      awaits = undefined
    } else if (word.startsWith('-')) {
      const [name, inline] = word.split('=', 2)
      const option = [...(command?.options ?? []), ...globals].find(
        (each) => name === `--${each.name}` || name === `-${each.short}`,
      )
      if (option?.value !== undefined && inline === undefined) awaits = option
      if (option?.value !== undefined && inline !== undefined) flags.set(option.name, [inline])
    } else if (command === undefined) {
      command = commands.find(({ name }) => name === word)
    } else {
      operands++
    }
  }
  return { command, operands, awaits, flags: new Flags(flags) }
}

async function valuesOf(option: Option, seen: Seen, call: Call): Promise<readonly string[]> {
  if (option.choices) return option.choices
  if (option.name === 'section') return argumentValues({ name: 'SECTION', completes: 'section' }, '', seen, call)
  if (option.name === 'at') return argumentValues({ name: 'REF', completes: 'version' }, '', seen, call)
  return option.value === 'FILE' || option.value === 'SOURCE' ? [FILE] : []
}

async function argumentValues(
  { choices, completes, name }: Argument,
  typed: string,
  { flags }: Seen,
  call: Call,
): Promise<readonly string[]> {
  if (choices) return choices
  if (name === 'COMMAND') return call.table.commands.map((command) => command.name)
  if (completes === 'file') return [FILE]
  if (completes === undefined || (completes === 'assignment' && typed.includes('='))) return []
  await using config = await openAsStored({ ...call, flags })
  if (completes === 'section') return config.sections()
  if (completes === 'version' || completes === 'tag') {
    const { items } = await config.versions.list({ limit: 100 })
    const tags = items.flatMap((version) => version.tags)
    return completes === 'tag' ? tags : ['latest', 'baseline', ...tags, ...items.map(({ id }) => String(id))]
  }
  return pathsBelow(config.toJSON({ reveal: false }), typed, completes === 'assignment' ? '=' : '')
}

/** Sections first, and the keys of one once it is typed: a large configuration is walked step by step. */
function pathsBelow(tree: Parameters<typeof leaves>[0], typed: string, end: string): string[] {
  const paths = new Set<string>()
  for (const [path] of leaves(tree)) {
    const { section } = toSectionKey(path)
    const isOpen = section === '' || typed.startsWith(`${printPath([section])}.`)
    paths.add(isOpen ? `${printPath(path)}${end}` : `${printPath([section])}.`)
  }
  return [...paths]
}
