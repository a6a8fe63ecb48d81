import { resolve } from 'node:path'
import { storeName } from '../../model/config.ts'
import type { Call, Run } from '../command.ts'
import { confirm } from '../confirm.ts'
import { openStore, storeOptions } from '../open.ts'
import { DIFFERENT, DONE } from '../print.ts'
import { progressLine } from '../progress.ts'
import { refuse } from '../refuse.ts'
import { readStoreTarget } from '../target.ts'
import { bytes, count, visible } from '../text.ts'
import { printVerdict } from './verify.ts'

export const run: Run = async (call) => {
  const { operands, flags } = call
  const said = [operands[0], flags.text('verify'), flags.text('restore')].filter((file) => file !== undefined)
  if (said.length !== 1)
    refuse(
      'holdfast backup does one thing with one file.',
      'Write backup FILE, backup --verify FILE or backup --restore FILE.',
    )
  const file = resolve(call.io.cwd, said[0]!)
  if (flags.has('verify')) return verify(call, file)
  return flags.has('restore') ? restore(call, file) : copy(call, file)
}

async function copy(call: Call, file: string): Promise<number> {
  const { io, print } = call
  const { admin } = await openStore(call)
  await using store = admin
  const { onProgress, clear } = progressLine('copying', io, print)
  const report = await store.backup(file, onProgress)
  const { bytes: size, versions, history, heads } = report
  clear()
  if (print.json) print.document({ file: report.file, bytes: size, versions, history, heads })
  else {
    const what = `${count(versions, 'version')} and ${count(history, 'history entry', 'history entries')}`
    print.line(`Copied ${what} to ${visible(report.file)} (${bytes(size)}).`)
    printHeads(call, heads)
  }
  return DONE
}

async function verify({ flags, io, print }: Call, file: string): Promise<number> {
  if (flags.has('server')) refuse('backup --verify checks a file that is here.', 'Leave out --server.')
  const { verifyBackup } = await import('../../engine/backup.ts')
  const { onProgress, clear } = progressLine('verifying', io, print)
  const result = await verifyBackup(file, { onProgress })
  clear()
  if (print.json) print.document(result)
  else printVerdict(result, print)
  return result.ok ? DONE : DIFFERENT
}

async function restore(call: Call, file: string): Promise<number> {
  const { io, print } = call
  const target = await readStoreTarget(call, 'backup --restore replaces a store')
  await confirm(
    call,
    `This puts ${visible(file)} in the place of ${visible(storeName(target.options.store ?? ''))}.`,
    'yes',
  )
  const { restoreBackup } = await import('../../engine/backup.ts')
  const { onProgress, clear } = progressLine('restoring', io, print)
  const result = await restoreBackup(file, { ...storeOptions(target), onProgress }).finally(clear)
  if (print.json) print.document(result)
  else {
    print.line(`Put back ${count(result.versions, 'version')} into ${visible(result.store)}.`)
    if (result.replaced !== null) print.line(`What was there before is kept as ${visible(result.replaced)}.`)
    printHeads(call, result.heads)
  }
  return DONE
}

function printHeads({ print }: Call, heads: Readonly<Record<string, string>>): void {
  for (const [namespace, head] of Object.entries(heads)) print.note(`head of ${namespace}: ${head}`)
}
