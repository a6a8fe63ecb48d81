import { pino } from 'pino'
import type { Io } from '../io.ts'
import { visible } from '../text.ts'
import { stamp } from '../time.ts'
import type { Settings } from './settings.ts'

/** What a server logs, on standard error: JSON Lines for a collector, and lines for people where a terminal shows them. */
export function openLog(settings: Settings, { stderr }: Pick<Io, 'stderr'>) {
  const format = settings['log-format'] ?? (stderr.isTTY ? 'text' : 'json')
  const write = (line: string): unknown => stderr.write(format === 'json' ? line : textOf(line))
  return pino(
    {
      level: settings['log-level'] ?? 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write },
  )
}

/** `2026-11-22 19:45:03Z warn  a message  key=value`. */
function textOf(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Readonly<Record<string, unknown>>
  const words = Object.entries(fields).map(([name, value]) => `${name}=${shown(value)}`)
  const head = `${stamp(String(time))} ${String(level).padEnd(5)} ${String(msg ?? '')}`
  return `${visible([head, ...words].join('  '))}\n`
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
