import type { Config, DriftEntry, DriftKind } from '../../model/config.ts'
import type { Value } from '../../model/value.ts'
import type { Call, Run } from '../command.ts'
import { defined } from '../flags.ts'
import { DIFFERENT, DONE, type Printer } from '../print.ts'
import { type Column, table } from '../table.ts'
import { openTarget } from '../target.ts'
import { count, visible, wrap } from '../text.ts'
import { age, ago, stamp } from '../time.ts'
import { differenceLine, showValue } from '../values.ts'

export const run: Run = async (call) => {
  const { flags, print } = call
  const kind = (flags.text('kind') ?? 'override') as DriftKind
  await using config = await openTarget(call)
  const entries = await load(config, kind, call)
  const differing = entries.filter(({ state }) => state !== 'redundant')
  if (print.json) print.document(flags.has('detail') ? entries : bySection(differing))
  else if (entries.length === 0)
    print.note(kind === 'override' ? 'No drift: nothing is overridden.' : 'No drift: it is as the baseline says.')
  else show(entries, kind, call)
  return flags.has('exit-code') && differing.length > 0 ? DIFFERENT : DONE
}

async function load(config: Config, kind: DriftKind, { operands }: Call): Promise<readonly DriftEntry[]> {
  return config.drift(defined({ kind, section: operands[0] }))
}

/** `{ section: { key: [expected, actual] } }`; a missing side is null, because JSON has no other word for it. */
function bySection(entries: readonly DriftEntry[]): object {
  const sections = new Map<string, Map<string, readonly [Value, Value]>>()
  for (const { section, key, expected, actual } of entries) {
    const keys = sections.get(section) ?? new Map()
    sections.set(section, keys.set(key, [expected ?? null, actual ?? null]))
  }
  return Object.fromEntries([...sections].map(([section, keys]) => [section, Object.fromEntries(keys)]))
}

function show(entries: readonly DriftEntry[], kind: DriftKind, { flags, print }: Call): void {
  const now = new Date()
  if (flags.has('detail')) print.lines(entries.flatMap((entry) => details(entry, now, print)))
  else
    print.lines(
      table(
        columnsOf(kind),
        entries.map((entry) => rowOf(entry, kind, now, print)),
        print,
      ),
    )
  print.note(summary(entries, kind))
}

function columnsOf(kind: DriftKind): readonly Column[] {
  const [meant, found] = kind === 'override' ? ['BASE', 'OVERRIDE'] : ['BASELINE', 'ACTUAL']
  return [
    { title: 'SECTION', least: 8 },
    { title: 'KEY', least: 10 },
    { title: meant!, least: 8 },
    { title: found!, least: 8 },
    ...(kind === 'override' ? [{ title: 'STATE' }] : []),
    { title: 'AGE' },
    { title: 'WHO', least: 5 },
  ]
}

const STATE_STYLE = { intentional: 'green', stale: 'yellow', redundant: 'dim', orphaned: 'magenta' } as const

function rowOf(entry: DriftEntry, kind: DriftKind, now: Date, print: Printer) {
  const { state = 'intentional' } = entry
  return [
    entry.section,
    { text: entry.key, paint: (text: string) => print.paint('bold', text) },
    showValue(entry.expected),
    entry.isMask ? '(masked)' : showValue(entry.actual),
    ...(kind === 'override' ? [{ text: state, paint: (text: string) => print.paint(STATE_STYLE[state], text) }] : []),
    entry.when === null ? '–' : age(entry.when, now),
    entry.who ?? '–',
  ]
}

function details(entry: DriftEntry, now: Date, print: Printer): string[] {
  const { path, expected: before, actual: after, state, who, when, why, version } = entry
  const by = `version ${version ?? '–'} by ${visible(who ?? '–')}${when === null ? '' : `, ${ago(when, now)} (${stamp(when)})`}`
  const mark = state === undefined ? '' : `  ${print.paint(STATE_STYLE[state], state)}`
  const room = { room: print.room - (state === undefined ? 0 : state.length + 2), paint: print.paint.bind(print) }
  return [
    differenceLine({ path, before, after }, room, '') + mark,
    ...wrap(by, print.width - 4).map((line) => `    ${print.paint('dim', line)}`),
    ...(why === null ? [] : wrap(visible(why), print.width - 4).map((line) => `    ${line}`)),
  ]
}

function summary(entries: readonly DriftEntry[], kind: DriftKind): string {
  if (kind === 'baseline') return `${count(entries.length, 'key differs', 'keys differ')} from the baseline.`
  const states = new Map<string, number>()
  for (const { state = 'intentional' } of entries) states.set(state, (states.get(state) ?? 0) + 1)
  return `${count(entries.length, 'override')}: ${[...states].map(([state, n]) => `${n} ${state}`).join(', ')}.`
}
