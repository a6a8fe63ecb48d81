import type { Config, DriftEntry, DriftKind } from '../../model/config.ts'
import type { Value } from '../../model/value.ts'
import type { Call, Run } from '../command.ts'
import { defined } from '../flags.ts'
import { openTarget } from '../open.ts'
import { DIFFERENT, DONE, type Printer } from '../print.ts'
import { type Column, table } from '../table.ts'
import { count, visible, wrap } from '../text.ts'
import { age, ago, stamp } from '../time.ts'
import { differenceLine, showValue } from '../values.ts'

export const run: Run = async (call) => {
  const { flags, print } = call
  const kind = (flags.text('kind') ?? 'override') as DriftKind
  await using config = await openTarget(call)
  const entries = await load(config, kind, call)
  const differing = entries.filter(({ state }) => state !== 'redundant')
  if (print.json) print.document(flags.has('detail') ? entries : briefly(differing, kind))
  else if (entries.length === 0) print.note(NO_DRIFT[kind])
  else show(entries, kind, call)
  return flags.has('exit-code') && differing.length > 0 ? DIFFERENT : DONE
}

const NO_DRIFT: Readonly<Record<DriftKind, string>> = {
  override: 'No drift: nothing is overridden.',
  baseline: 'No drift: it is as the baseline says.',
  instance: 'No drift: every process that reports runs the newest version.',
}

async function load(config: Config, kind: DriftKind, { operands }: Call): Promise<readonly DriftEntry[]> {
  return config.drift(defined({ kind, section: operands[0] }))
}

/** By section; of processes, by process first, because each may differ in its own way. */
function briefly(entries: readonly DriftEntry[], kind: DriftKind): object {
  if (kind !== 'instance') return bySection(entries)
  const instances = Map.groupBy(entries, ({ instance = '' }) => instance)
  return Object.fromEntries([...instances].map(([id, own]) => [id, bySection(own)]))
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

const TITLES: Readonly<Record<DriftKind, readonly [string, string]>> = {
  override: ['BASE', 'OVERRIDE'],
  baseline: ['BASELINE', 'ACTUAL'],
  instance: ['MEANT', 'RUNS'],
}

function columnsOf(kind: DriftKind): readonly Column[] {
  const [meant, found] = TITLES[kind]
  return [
    ...(kind === 'instance' ? [{ title: 'INSTANCE', least: 8 }] : []),
    { title: 'SECTION', least: 8 },
    { title: 'KEY', least: 10 },
    { title: meant, least: 8 },
    { title: found, least: 8 },
    ...(kind === 'override' ? [{ title: 'STATE' }] : []),
    { title: 'AGE' },
    { title: 'WHO', least: 5 },
  ]
}

const STATE_STYLE = { intentional: 'green', stale: 'yellow', redundant: 'dim', orphaned: 'magenta' } as const

function rowOf(entry: DriftEntry, kind: DriftKind, now: Date, print: Printer) {
  const { state = 'intentional' } = entry
  return [
    ...(kind === 'instance' ? [entry.instance ?? '–'] : []),
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
  const { path, expected: before, actual: after, state, who, when, why, version, instance, needsRestart } = entry
  const by = `version ${version ?? '–'} by ${visible(who ?? '–')}${when === null ? '' : `, ${ago(when, now)} (${stamp(when)})`}`
  const runs = instance === undefined ? [] : [`on ${visible(instance)}${needsRestart ? ', until it restarts' : ''}`]
  const mark = state === undefined ? '' : `  ${print.paint(STATE_STYLE[state], state)}`
  const room = { room: print.room - (state === undefined ? 0 : state.length + 2), paint: print.paint.bind(print) }
  return [
    differenceLine({ path, before, after }, room, '') + mark,
    ...[...runs, by].flatMap((text) => wrap(text, print.width - 4)).map((line) => `    ${print.paint('dim', line)}`),
    ...(why === null ? [] : wrap(visible(why), print.width - 4).map((line) => `    ${line}`)),
  ]
}

function summary(entries: readonly DriftEntry[], kind: DriftKind): string {
  if (kind === 'baseline') return `${count(entries.length, 'key differs', 'keys differ')} from the baseline.`
  if (kind === 'instance') {
    const instances = new Set(entries.map(({ instance }) => instance)).size
    return `${count(instances, 'process runs', 'processes run')} ${count(entries.length, 'other value')} than meant.`
  }
  const states = new Map<string, number>()
  for (const { state = 'intentional' } of entries) states.set(state, (states.get(state) ?? 0) + 1)
  return `${count(entries.length, 'override')}: ${[...states].map(([state, n]) => `${n} ${state}`).join(', ')}.`
}
