import type { Run } from '../command.ts'
import { grantLine } from '../grants.ts'
import { openStore } from '../open.ts'
import { pairs } from '../table.ts'
import { stamp } from '../time.ts'

export const run: Run = async (call) => {
  const { print } = call
  const { admin } = await openStore(call)
  await using store = admin
  const me = await store.whoami()
  if (print.json) print.document(me)
  else {
    const [first = 'nothing', ...rest] = me.grants.map(grantLine)
    const rows: (readonly [string, string])[] = [
      ['name', me.name],
      ['token', me.tokenId ?? 'none: the store is at hand'],
      ['good until', me.expiresAt === null ? 'it is revoked' : stamp(me.expiresAt)],
      ['may', first],
      ...rest.map((line) => ['', line] as const),
    ]
    print.lines(pairs(me.tokenId === null ? rows.filter(([name]) => name !== 'good until') : rows, print))
  }
  return undefined
}
