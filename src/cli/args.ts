import { suggest } from '../model/suggest.ts'
import type { Argument, Command, Option } from './command.ts'
import { Flags } from './flags.ts'
import { refuse } from './refuse.ts'

/** Through `import`, `node:util` would load all it could ever offer: 3 ms at each start. */
const { parseArgs } = process.getBuiltinModule('node:util')

export interface Parsed {
  readonly operands: readonly string[]
  readonly flags: Flags
}

type Token = NonNullable<ReturnType<typeof tokensOf>[number]>

/** The first word that is no flag: the command's name, wherever the global flags stand. */
export function commandName(argv: readonly string[], options: readonly Option[]): string | undefined {
  const word = tokensOf(argv, options).find((token) => token.kind === 'positional')
  return word?.value
}

/** Reads the words after the command's name against the table; anything it does not know is refused with what was probably meant. */
export function readArguments(argv: readonly string[], command: Command, globals: readonly Option[]): Parsed {
  const options = [...command.options, ...globals]
  const flags = new Map<string, string[] | true>()
  const words: string[] = []
  for (const token of tokensOf(argv, options)) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind === 'option') readFlag(token, options, command, flags)
  }
  const operands = words.slice(1)
  if (!flags.has('help')) checkOperands(operands, command)
  return { operands, flags: new Flags(flags) }
}

function tokensOf(argv: readonly string[], options: readonly Option[]) {
  const known = options.map(({ name, short, value }) => {
    const type: 'string' | 'boolean' = value === undefined ? 'boolean' : 'string'
    return [name, { type, ...(short !== undefined && { short }) }] as const
  })
  return parseArgs({ args: [...argv], options: Object.fromEntries(known), strict: false, tokens: true }).tokens
}

function readFlag(
  token: Extract<Token, { kind: 'option' }>,
  options: readonly Option[],
  command: Command,
  flags: Map<string, string[] | true>,
): void {
  const option = options.find(({ name }) => name === token.name)
  if (option === undefined) return void refuseUnknown(token.rawName, options, command)
  const flag = `--${option.name}`
  if (option.value === undefined) {
    if (token.value !== undefined) refuse(`${flag} takes no value.`, `Write ${flag} alone.`)
    flags.set(option.name, true)
    return
  }
  const value = checkValue(token.value, option, token.inlineValue === true, options)
  const before = flags.get(option.name)
  if (Array.isArray(before) && !option.isMany) refuse(`${flag} is given twice.`, 'Give it once.')
  flags.set(option.name, [...(Array.isArray(before) ? before : []), value])
}

function checkValue(value: string | undefined, option: Option, isInline: boolean, options: readonly Option[]): string {
  const flag = `--${option.name}`
  const isFlag = !isInline && options.some(({ name }) => value === `--${name}`)
  if (value === undefined || isFlag) {
    return refuse(
      `${flag} needs a value.`,
      `Write ${flag} ${option.value}${isFlag ? `, or ${flag}=${value} if that is the value` : ''}.`,
    )
  }
  if (option.choices && !option.choices.includes(value)) refuseChoice(flag, value, option.choices)
  if (option.isInteger && !/^\d{1,15}$/.test(value)) {
    refuse(
      `${flag}: ${JSON.stringify(value)} is not a whole number.`,
      `Write ${flag} ${option.value}, as in ${flag} 42.`,
    )
  }
  return value
}

function refuseChoice(what: string, value: string, choices: readonly string[]): never {
  const near = suggest(value, choices)
  const hint = near === undefined ? '' : ` Did you mean ${near}?`
  return refuse(
    `${what}: ${JSON.stringify(value)} is not one of its values.${hint}`,
    `Choose from ${choices.join(', ')}.`,
  )
}

function refuseUnknown(raw: string, options: readonly Option[], command: Command): never {
  const near = raw.startsWith('--')
    ? suggest(
        raw.slice(2),
        options.map(({ name }) => name),
      )
    : undefined
  return refuse(
    `holdfast ${command.name} has no flag ${raw}.${near === undefined ? '' : ` Did you mean --${near}?`}`,
    `See "holdfast ${command.name} --help". A value that begins with a dash goes after --.`,
  )
}

function checkOperands(operands: readonly string[], { name, arguments: takes }: Command): void {
  const missing = takes[operands.length]
  if (missing !== undefined && !missing.isOptional) {
    refuse(
      `holdfast ${name} needs ${missing.name}.`,
      `Write ${usageOf(name, takes)}; "holdfast ${name} --help" has examples.`,
    )
  }
  if (operands.length > takes.length && !takes.at(-1)?.isMany) {
    refuse(
      `holdfast ${name} does not take ${JSON.stringify(operands[takes.length])}.`,
      `Write ${usageOf(name, takes)}. Words with spaces need quotes.`,
    )
  }
  for (const [i, { name: what, choices }] of takes.entries()) {
    const given = operands[i]
    if (choices && given !== undefined && !choices.includes(given)) refuseChoice(what, given, choices)
  }
}

/** `holdfast tag REF NAME`. */
export const usageOf = (name: string, takes: readonly Argument[]): string =>
  ['holdfast', name, ...takes.map(printArgument)].join(' ')

function printArgument({ name, isOptional, isMany }: Argument): string {
  const many = isMany ? `${name}…` : name
  return isOptional ? `[${many}]` : many
}
