import type { Growth, Stats } from '../../model/admin.ts'
import type { Run } from '../command.ts'
import { openStore } from '../open.ts'
import type { Printer } from '../print.ts'
import { pairs, table } from '../table.ts'
import { bytes } from '../text.ts'
import { stamp } from '../time.ts'

export const run: Run = async (call) => {
  const { print } = call
  const { admin } = await openStore(call)
  await using store = admin
  const stats = await store.stats()
  if (print.json) print.document(stats)
  else show(stats, print)
  return undefined
}

function show(stats: Stats, print: Printer): void {
  const size = `${bytes(stats.bytes)}, ${bytes(stats.freeBytes)} of it free; log ${bytes(stats.walBytes)}`
  print.lines(
    pairs(
      [
        ['store', stats.store],
        ['size', size],
        ...(stats.growth === null ? [] : [['growth', growthIn(stats.growth)] as const]),
        ['schema', `version ${stats.schemaVersion}`],
      ],
      print,
    ),
  )
  print.line()
  const rows = stats.namespaces.map(({ namespace, versions, history, overrides, documentBytes, newest }) => [
    { text: namespace, paint: (text: string) => print.paint('bold', text) },
    String(versions),
    String(history),
    String(overrides),
    bytes(documentBytes),
    newest === null ? '–' : stamp(newest),
  ])
  print.lines(table(NAMESPACES, rows, print))
  if (stats.largestKeys.length === 0) return
  print.line()
  print.lines(
    table(
      KEYS,
      stats.largestKeys.map((key) => [key.path, key.namespace, bytes(key.bytes)]),
      print,
    ),
  )
}

const growthIn = ({ hour, day }: Growth): string => `${more(hour)} in the last hour, ${more(day)} in the last day`

const more = (n: number): string => (n < 0 ? `−${bytes(-n)}` : `+${bytes(n)}`)

const NAMESPACES = [
  { title: 'NAMESPACE', least: 9 },
  { title: 'VERSIONS', isRight: true },
  { title: 'HISTORY', isRight: true },
  { title: 'OVERRIDES', isRight: true },
  { title: 'SIZE', isRight: true },
  { title: 'NEWEST' },
]

const KEYS = [
  { title: 'LARGEST KEYS', least: 12 },
  { title: 'NAMESPACE', least: 9 },
  { title: 'SIZE', isRight: true },
]
