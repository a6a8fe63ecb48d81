import type { Run } from '../command.ts'
import { defined, type Flags } from '../flags.ts'
import { openStore } from '../open.ts'
import { progressLine } from '../progress.ts'
import { refuse } from '../refuse.ts'
import { bytes, count } from '../text.ts'
import { readMoment } from '../time.ts'

export const run: Run = async (call) => {
  const { flags, io, print } = call
  const olderThan = ageOf(flags)
  const dryRun = flags.has('dry-run')
  const { admin, target } = await openStore(call)
  await using store = admin
  const { onProgress, clear } = progressLine('purging', io, print)
  const keep = flags.integer('keep')
  const request = defined({ olderThan, keep, dryRun, actor: flags.text('actor'), onProgress })
  const result = await store.purge(target.namespace, { ...request, olderThan })
  clear()
  if (print.json) print.document(result)
  else {
    const { versions, history } = result
    const what = `${count(versions, 'version')} and ${count(history, 'history entry', 'history entries')}, ${bytes(result.bytes)}`
    print.line(`${dryRun ? 'Would drop' : 'Dropped'} ${what}.`)
  }
  return undefined
}

function ageOf(flags: Flags): number {
  const text = flags.text('older-than')
  if (text === undefined)
    return refuse(
      'holdfast purge needs --older-than.',
      'Write how old is old: --older-than 90d. Add --dry-run to see first.',
    )
  const now = new Date()
  return Math.max(0, now.getTime() - Date.parse(readMoment(text, '--older-than', now)))
}
