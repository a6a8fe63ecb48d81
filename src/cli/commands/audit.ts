import type { AuditEntry, AuditEvent, AuditQuery } from '../../model/access.ts'
import type { Run } from '../command.ts'
import { defined, type Flags } from '../flags.ts'
import { openStore } from '../open.ts'
import type { Printer } from '../print.ts'
import { type Column, table } from '../table.ts'
import { visibleJson } from '../text.ts'
import { readMoment, stamp } from '../time.ts'

export const run: Run = async (call) => {
  const { flags, print } = call
  const query = queryOf(flags)
  const format = print.json ? 'json' : (flags.text('format') ?? 'table')
  const { admin } = await openStore(call)
  await using store = admin
  const { items, nextCursor } = await store.audit(query)
  if (items.length === 0 && format === 'table') print.note('Nothing is recorded.')
  else await WRITERS[format]!(items, print)
  if (nextCursor !== null) print.note(`There is more: --cursor ${nextCursor}`)
  return undefined
}

function queryOf(flags: Flags): AuditQuery {
  const now = new Date()
  const moment = (name: string) => {
    const text = flags.text(name)
    return text === undefined ? undefined : readMoment(text, `--${name}`, now)
  }
  return defined({
    event: flags.text('event') as AuditEvent | undefined,
    who: flags.text('who'),
    tokenId: flags.text('token'),
    sourceIp: flags.text('ip'),
    namespace: flags.text('namespace'),
    since: moment('since'),
    until: moment('until'),
    limit: flags.integer('limit'),
    cursor: flags.text('cursor'),
  })
}

type Writer = (entries: readonly AuditEntry[], print: Printer) => void | Promise<void>

const WRITERS: Readonly<Record<string, Writer>> = {
  table: (entries, print) =>
    print.lines(
      table(
        COLUMNS,
        entries.map((entry) => rowOf(entry, print)),
        print,
      ),
    ),
  json: (entries, print) => print.document(entries),
  jsonl: (entries, print) => print.lines(entries.map((entry) => visibleJson(JSON.stringify(entry)))),
  csv: async (entries, print) => print.raw((await import('../../model/audit-text.ts')).auditCsv(entries)),
}

const COLUMNS: readonly Column[] = [
  { title: 'WHEN' },
  { title: 'EVENT' },
  { title: 'WHO', least: 6 },
  { title: 'ADDRESS', least: 9 },
  { title: 'NAMESPACE', least: 9 },
  { title: 'WHAT', least: 10 },
]

const LOUD: readonly AuditEvent[] = ['refused', 'refusal-burst', 'new-address']

function rowOf({ at, event, who, sourceIp, namespace, subject, detail, count }: AuditEntry, print: Printer) {
  const what = [subject, detail].filter((part) => part !== null).join(': ')
  return [
    stamp(at),
    { text: event, paint: (text: string) => (LOUD.includes(event) ? print.paint('yellow', text) : text) },
    who ?? '–',
    sourceIp ?? '–',
    namespace ?? '–',
    count > 1 ? `${what} (${count} times)` : what,
  ]
}
