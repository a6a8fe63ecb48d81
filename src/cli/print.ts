import { type ErrorCode, HoldfastError } from '../model/errors.ts'
import type { Io, Output } from './io.ts'
import { visible, visibleJson } from './text.ts'

export const DONE = 0
export const FAILED = 1
export const DIFFERENT = 2
export const INTERRUPTED = 130

/** What the shell learns of each refusal. Differences found (`--exit-code`, `verify`) are 2, which no refusal is. */
export const EXIT = {
  malformed: 64,
  invalid: 3,
  conflict: 4,
  'not-found': 5,
  forbidden: 6,
  exists: FAILED,
  'too-large': FAILED,
  syntax: FAILED,
  source: FAILED,
  'sources-differ': FAILED,
  unavailable: FAILED,
  unknown: FAILED,
  fenced: FAILED,
  store: FAILED,
  key: FAILED,
  unsupported: FAILED,
  closed: FAILED,
  unauthenticated: 6,
  'rate-limited': FAILED,
  'key-reused': FAILED,
  precondition: 4,
  method: FAILED,
  'media-type': FAILED,
} satisfies Record<ErrorCode, number>

/** Through `import`, `node:util` would load all it could ever offer: 3 ms at each start. */
const { styleText } = process.getBuiltinModule('node:util')

type Style = Parameters<typeof styleText>[0]

export interface PrintOptions {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly color: boolean
}

/** The one way to the terminal: results on standard output, everything else on standard error. */
export class Printer {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  /** Columns to wrap words to. */
  readonly width: number
  /** Columns that data may take before it is cut: all of it where no terminal shows it. */
  readonly room: number
  /** True where a person reads standard output on a terminal, which values must not be able to steer. */
  readonly isTerminal: boolean
  readonly #io: Io
  readonly #color: boolean

  constructor(io: Io, options: PrintOptions) {
    this.#io = io
    this.json = options.json
    this.quiet = options.quiet
    this.verbose = options.verbose
    this.#color = options.color && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb'
    this.isTerminal = io.stdout.isTTY === true
    this.width = Math.max(40, io.stdout.columns ?? 80)
    this.room = this.isTerminal || io.stdout.columns !== undefined ? this.width : Number.POSITIVE_INFINITY
  }

  line(text = ''): void {
    this.#io.stdout.write(`${text}\n`)
  }

  lines(lines: readonly string[]): void {
    if (lines.length > 0) this.#io.stdout.write(`${lines.join('\n')}\n`)
  }

  raw(text: string): void {
    this.#io.stdout.write(text)
  }

  document(value: unknown): void {
    const text = JSON.stringify(value, null, 2)
    this.line(this.isTerminal ? visibleJson(text) : text)
  }

  /** A remark beside the result; `-q` silences it. */
  note(text: string): void {
    if (!this.quiet) this.#io.stderr.write(`${visible(text)}\n`)
  }

  warn(text: string): void {
    this.#io.stderr.write(`${this.#paint(this.#io.stderr, 'yellow', 'warning:')} ${visible(text)}\n`)
  }

  detail(text: string): void {
    if (this.verbose) this.#io.stderr.write(`${visible(text)}\n`)
  }

  /** Colours `text` for standard output, if a terminal is there to show it. */
  paint(style: Style, text: string): string {
    return this.#paint(this.#io.stdout, style, text)
  }

  readonly paintTitle = (text: string): string => this.paint('dim', text)

  /** Shows any error and tells the exit status it stands for. */
  error(error: unknown): number {
    const known = error instanceof HoldfastError ? error : undefined
    if (this.json) this.#io.stderr.write(`${visibleJson(JSON.stringify({ error: problem(error) }))}\n`)
    else this.#errorLines(error, known)
    if (this.verbose) this.#io.stderr.write(causes(error))
    return known === undefined ? FAILED : EXIT[known.code as ErrorCode]
  }

  #errorLines(error: unknown, known: HoldfastError | undefined): void {
    const head = this.#paint(this.#io.stderr, 'red', 'holdfast:')
    const message = error instanceof Error ? error.message : String(error)
    const issues = HoldfastError.is(error, 'invalid') ? error.details.issues : []
    const isTold = issues.length === 1 && message.includes(issues[0]!.message)
    const lines = (isTold ? message : message.replace(INVALID, '$1')).split('\n').map(visible)
    this.#io.stderr.write(`${head} ${known ? '' : 'unexpected failure: '}${lines.join('\n')}\n`)
    if (!isTold) for (const issue of issues) this.#io.stderr.write(`  ${issueLine(issue)}\n`)
    if (HoldfastError.is(error, 'sources-differ'))
      this.#io.stderr.write('Say --replace-sources to take the new list.\n')
    if (!known && !this.verbose) this.#io.stderr.write('Run it again with -v to see where.\n')
  }

  #paint(stream: Output, style: Style, text: string): string {
    return this.#color && stream.isTTY === true ? styleText(style, text, { validateStream: false }) : text
  }
}

/** What comes before the findings that a refusal names in one sentence; as lines of their own they are easier to read. */
const INVALID = /^(the configuration would not be valid:).*$/s

/** One finding as a line: path, what is wrong, what would be right. */
export function issueLine(issue: {
  path: string
  message: string
  source?: string
  allowed?: readonly unknown[]
  didYouMean?: string
}): string {
  const where = [issue.source, issue.path].flatMap((part) => (part ? [`${part}: `] : [])).join('')
  const allowed =
    issue.allowed && !issue.message.includes(String(issue.allowed[0]))
      ? ` (${issue.allowed.map((item) => JSON.stringify(item)).join(', ')})`
      : ''
  const near =
    issue.didYouMean !== undefined && !issue.message.includes(issue.didYouMean)
      ? `; did you mean ${issue.didYouMean}?`
      : ''
  return visible(`${where}${issue.message}${allowed}${near}`)
}

function problem(error: unknown): object {
  if (error instanceof HoldfastError) return { code: error.code, message: error.message, details: error.details }
  return { code: 'unexpected', message: error instanceof Error ? error.message : String(error), details: {} }
}

function causes(error: unknown): string {
  let text =
    error instanceof HoldfastError || !(error instanceof Error)
      ? ''
      : `${visible(error.stack ?? '').replaceAll('\\n', '\n')}\n`
  let cause = error instanceof Error ? error.cause : undefined
  for (let depth = 0; cause instanceof Error && depth < 8; depth++) {
    text += `  caused by: ${visible(cause.message)}\n`
    cause = cause.cause
  }
  return text
}
