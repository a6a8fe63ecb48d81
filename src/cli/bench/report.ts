import { isPostgres } from '../../model/config.ts'
import type { Printer } from '../print.ts'
import { table } from '../table.ts'
import { bytes, count, wrap } from '../text.ts'
import type { Measured } from './measure.ts'
import type { Plan } from './plan.ts'
import type { Sample } from './sample.ts'

/** All that was found, as `--json` prints it. */
export interface Report {
  readonly target: { readonly kind: 'store' | 'server'; readonly name: string }
  readonly plan: Plan
  readonly configuration: Pick<Sample, 'bytes' | 'keys'> & { readonly sections: number }
  readonly measured: readonly Measured[]
  /** Versions that were made and are deleted. */
  readonly versions: number
}

/** What was measured with, the table, and what the figures do not say by themselves. */
export function showReport(report: Report, print: Printer): void {
  const { target, configuration, measured } = report
  const { sections, keys } = configuration
  print.lines(
    wrap(
      `${target.name}, with ${bytes(configuration.bytes)} in ${count(sections, 'section')}, ${count(keys, 'key')}`,
      print.width,
    ),
  )
  print.line()
  print.lines(table(COLUMNS, measured.map(cells), print))
  const said = remarks(report)
  if (said.length > 0) print.line()
  for (const remark of said) print.lines(wrap(remark, print.width))
}

const COLUMNS = [
  { title: 'MEASURED', least: 20 },
  { title: 'COUNT', isRight: true },
  { title: 'A SECOND', isRight: true },
  { title: 'P50', isRight: true },
  { title: 'P99', isRight: true },
]

const cells = ({ what, count, rate, p50, p99 }: Measured): readonly string[] => [
  what,
  count.toLocaleString('en'),
  rate.toLocaleString('en', { maximumFractionDigits: rate < 100 ? 1 : 0 }),
  time(p50),
  time(p99),
]

/** Three digits of a time in milliseconds. */
function time(ms: number): string {
  const [amount, unit] =
    ms >= 1000 ? [ms / 1000, 's'] : ms >= 1 ? [ms, 'ms'] : ms >= 0.001 ? [ms * 1000, 'µs'] : [ms * 1e6, 'ns']
  return `${amount.toLocaleString('en', { maximumSignificantDigits: 3 })} ${unit}`
}

/** From this part of a processor on, what is measured may be the program that measures. */
const BUSY = 0.85

function remarks({ target, measured }: Report): readonly string[] {
  const limited = named(measured.filter((one) => one.limited > 0))
  const busy = named(measured.filter((one) => target.kind === 'server' && one.name !== 'get' && one.busy > BUSY))
  return [
    ...overFloor(target, measured),
    ...(limited === ''
      ? []
      : [
          `The server's limit for a token (--token-rate) is what these figures show: ${limited}. Raise it for the time.`,
        ]),
    ...(busy === ''
      ? []
      : [`This program was as busy as it can be, so the server may do more: ${busy}. Run several, and add up.`]),
  ]
}

const named = (some: readonly Measured[]): string => some.map(({ what }) => what).join('; ')

/** How far a change is from the least that it could take: where the floor writes nothing, that is only a part of it. */
function overFloor({ kind, name }: Report['target'], measured: readonly Measured[]): readonly string[] {
  const change = measured.find(({ name }) => name === 'change')
  const floor = measured.find(({ name }) => name === 'floor')
  if (change === undefined || floor === undefined) return []
  const ratio = (change.p50 / floor.p50).toLocaleString('en', { maximumSignificantDigits: 2 })
  if (kind === 'store' && !isPostgres(name)) return [`One change takes ${ratio} times the floor, which is this disk.`]
  return [`One change takes ${ratio} times the floor, which is the way there and back: nothing is written for that.`]
}
