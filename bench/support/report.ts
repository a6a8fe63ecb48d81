export type Unit = 'ns' | 'µs' | 'ms' | '/s' | 'kB' | ''

/** What a ratio (ours to the limit's) must be; absent where it is only told. */
export type Required = { readonly atMost: number } | { readonly atLeast: number }

export interface Row {
  readonly name: string
  readonly unit: Unit
  readonly ours: number
  /** The limit, or whom we are compared with. */
  readonly peer: number
  readonly peerName: string
  readonly ratio: number
  readonly required?: Required
}

export interface Benchmark {
  readonly name: string
  readonly about: string
  run(): Promise<readonly Row[]>
}

/** Whether a row keeps what is required of it; `undefined` where nothing is. */
export function isOk({ ratio, required }: Row): boolean | undefined {
  if (required === undefined) return undefined
  return 'atMost' in required ? ratio <= required.atMost : ratio >= required.atLeast
}

const HEADER = ['benchmark', 'ours', 'limit or peer', '', 'ratio', 'required', 'ok']

/** All rows as one table. */
export function printTable(
  results: readonly { readonly benchmark: Benchmark; readonly rows: readonly Row[] }[],
): string {
  const cells = results.flatMap(({ benchmark, rows }) => rows.map((row) => toCells(benchmark.name, row)))
  const widths = HEADER.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => align(cell, widths[i]!, i))
      .join('  ')
      .trimEnd()
  return [line(HEADER), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n')
}

/** Figures stand right, words left. */
const align = (cell: string, width: number, column: number) =>
  [1, 2, 4].includes(column) ? cell.padStart(width) : cell.padEnd(width)

const toCells = (benchmark: string, row: Row): readonly string[] => [
  `${benchmark}: ${row.name}`,
  figure(row.ours, row.unit),
  figure(row.peer, row.unit),
  row.peerName,
  `${digits(row.ratio)}x`,
  requirement(row.required),
  { true: 'yes', false: 'NO', undefined: '' }[String(isOk(row)) as 'true' | 'false' | 'undefined'],
]

const requirement = (required: Required | undefined): string => {
  if (required === undefined) return ''
  return 'atMost' in required ? `<= ${required.atMost}x` : `>= ${required.atLeast}x`
}

const figure = (value: number, unit: Unit) => `${digits(value)} ${unit}`.trim()

const digits = (value: number) => (value >= 100 || value === 0 ? String(Math.round(value)) : value.toPrecision(3))
