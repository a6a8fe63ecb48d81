import type { Call, Run } from '../command.ts'
import { defined } from '../flags.ts'
import { refuseNoStore } from '../open.ts'
import { progressLine } from '../progress.ts'
import { refuse } from '../refuse.ts'
import { storeAt } from '../target.ts'
import { bytes, count, visible } from '../text.ts'

export const run: Run = async (call) => {
  const { operands, flags, io, print } = call
  for (const flag of ['store', 'server']) if (flags.has(flag)) refuseFlag(flag)
  const [from, to] = operands.map((store) => storeAt(store, io.cwd)) as [string, string]
  const [copying, verifying] = [progressLine('copying', io, print), progressLine('verifying', io, print)]
  const { migrateStore } = await import('../../engine/migrate-store.ts')
  const keepSource = flags.has('keep-source')
  const report = await migrateStore(from, to, {
    ...defined({ keepSource, verify: !flags.has('no-verify') }),
    onProgress: copying.onProgress,
    onVerify: verifying.onProgress,
  })
    .catch(refuseNoStore)
    .finally(() => {
      copying.clear()
      verifying.clear()
    })
  const { keyFile, ...result } = report
  if (print.json) print.document(result)
  else print.lines(story(result, keepSource))
  noteNext(call, { ...result, keyFile, keepSource })
  return undefined
}

function refuseFlag(flag: string): never {
  return refuse(
    `--${flag} says nothing here: holdfast migrate-store names both stores.`,
    'Write holdfast migrate-store FROM TO.',
  )
}

interface Result {
  readonly from: string
  readonly to: string
  readonly namespaces: number
  readonly versions: number
  readonly history: number
  readonly bytes: number
  readonly switchMs: number
}

function story({ from, to, namespaces, versions, history, ...rest }: Result, keepSource: boolean): readonly string[] {
  const what = [
    count(namespaces, 'namespace'),
    count(versions, 'version'),
    count(history, 'history entry', 'history entries'),
  ].join(', ')
  return [
    `${keepSource ? 'Copied' : 'Moved'} ${visible(from)} to ${visible(to)}: ${what} (${bytes(rest.bytes)}).`,
    `Writers waited ${Math.ceil(rest.switchMs)} ms.`,
  ]
}

interface Next extends Result {
  readonly keyFile: string | null
  readonly keepSource: boolean
}

function noteNext({ print }: Call, { from, keyFile, keepSource }: Next): void {
  const there = 'put it beside the new store, or name it in HOLDFAST_KEY_FILE'
  if (keyFile !== null) print.note(`the key of secrets is in ${keyFile}: ${there}`)
  if (!keepSource) print.note(`${from} can only be read from now on: name the new store in holdfast.yaml`)
}
