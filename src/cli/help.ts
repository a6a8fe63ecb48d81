import { usageOf } from './args.ts'
import { type Command, GROUPS, type Option } from './command.ts'
import { pad, wrap } from './text.ts'

type Paint = (text: string) => string

export interface HelpOptions {
  readonly width: number
  /** Makes a heading stand out. */
  readonly paint: Paint
}

const FIRST_STEPS: readonly (readonly [string, string])[] = [
  ['holdfast init --source config/app.ini', 'take a file as the base'],
  ["holdfast set server.port=5050 --reason 'new proxy'", 'override one key'],
  ['holdfast drift', 'what differs from the base?'],
  ['holdfast explain server.port', 'why has it its value?'],
  ['holdfast restore baseline', 'go back'],
]

/** The page of `holdfast --help`: what there is, by what one wants to do. */
export function overview(commands: readonly Command[], globals: readonly Option[], options: HelpOptions): string[] {
  const groups = GROUPS.flatMap((group) => {
    const rows = commands.filter((command) => command.group === group && !command.isHidden)
    return [
      '',
      options.paint(group),
      ...columns(
        rows.map(({ name, summary }) => [name, summary]),
        11,
        options.width,
      ),
    ]
  })
  return [
    'Holdfast keeps overrides over a base configuration you do not own: checked,',
    'versioned, explained and restorable.',
    '',
    options.paint('First steps'),
    ...examples(FIRST_STEPS, options.width),
    ...groups,
    '',
    options.paint('Flags of every command'),
    ...flagLines(globals, options.width),
    '',
    '"holdfast help COMMAND" tells more of each, with examples.',
  ]
}

/** The page of one command. */
export function page(command: Command, globals: readonly Option[], options: HelpOptions): string[] {
  const { name, summary, details = [], arguments: takes } = command
  const own =
    command.options.length > 0 ? ['', options.paint('Flags'), ...flagLines(command.options, options.width)] : []
  const shared = globals.map((option) => `--${option.name}`).join(' ')
  return [
    `${summary}.`,
    '',
    `${options.paint('Usage')}  ${usageOf(name, takes)}${command.options.length > 0 ? ' [FLAGS]' : ''}`,
    ...details.flatMap((detail) => ['', ...wrap(detail, options.width)]),
    ...own,
    '',
    options.paint('Examples'),
    ...examples(command.examples, options.width),
    '',
    ...wrap(`Besides, as everywhere: ${shared}`, options.width),
  ]
}

/** `-n, --namespace NAME`. */
export function flagName({ name, short, value }: Option): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}

function flagLines(all: readonly Option[], width: number): string[] {
  const rows = all.map(
    (option) => [`${option.short === undefined ? '    ' : ''}${flagName(option)}`, flagSummary(option)] as const,
  )
  return columns(rows, 24, width)
}

/** A flag's summary with the values it takes. */
export const flagSummary = ({ summary, choices }: Option): string =>
  choices === undefined ? summary : `${summary}: ${choices.join(', ')}`

function columns(rows: readonly (readonly [string, string])[], left: number, width: number): string[] {
  return rows.flatMap(([name, text]) => {
    const lines = wrap(text, width - left - 4)
    const indent = ' '.repeat(left + 4)
    if (name.length > left) return [`  ${name}`, ...lines.map((line) => indent + line)]
    return lines.map((line, i) => (i === 0 ? `  ${pad(name, left)}  ${line}` : indent + line))
  })
}

function examples(rows: readonly (readonly [string, string])[], width: number): string[] {
  const left = Math.max(...rows.map(([typed]) => typed.length))
  const isBeside = rows.every(([, tells]) => left + tells.length + 5 <= width)
  return rows.flatMap(([typed, tells]) =>
    isBeside ? [`  ${pad(typed, left)}   ${tells}`] : [`  ${typed}`, `      ${tells}`],
  )
}
