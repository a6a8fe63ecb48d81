import type { ChangeResult, Provenance } from '../model/config.ts'
import type { Version } from '../model/version.ts'
import { defined, type Flags } from './flags.ts'
import type { Printer } from './print.ts'
import { visible } from './text.ts'
import { changeDocument, differenceLine, toDifference } from './values.ts'

/** Who and why, as the flags say it. */
export const provenanceOf = (flags: Flags): Provenance =>
  defined({ reason: flags.text('reason'), comment: flags.text('comment'), actor: flags.text('actor') })

/** The flags that guard a change. */
export const guardsOf = (flags: Flags): { ifVersion?: number; dryRun?: boolean } =>
  defined({ ifVersion: flags.integer('if-version'), dryRun: flags.has('dry-run') || undefined })

/** A version as the results of changes name it. */
export const versionName = ({ id, hash }: Version) => ({ id, hash })

interface ResultOptions {
  readonly dryRun: boolean
  /** Why nothing changed, where nothing did. */
  readonly nothing: string
}

/** Shows what a change did, or in a dry run would do. */
export function printResult(result: ChangeResult, print: Printer, options: ResultOptions): void {
  if (print.json) print.document(resultDocument(result))
  else if (result.changes.length === 0 && result.version === null) print.note(`Nothing changed: ${options.nothing}.`)
  else printChanges(result, print, options)
}

function printChanges(
  { version, changes, restartRequired }: ChangeResult,
  print: Printer,
  { dryRun }: ResultOptions,
): void {
  if (version) print.line(print.paint('bold', versionLine(version)))
  print.lines(changes.map((change) => differenceLine(toDifference(change), print)))
  if (restartRequired.length > 0) print.note(`Takes effect after a restart: ${restartRequired.join(', ')}`)
  if (dryRun) print.note('A dry run: nothing was changed.')
}

export function resultDocument({ version, changes, restartRequired }: ChangeResult): object {
  return { version: version && versionName(version), changes: changes.map(changeDocument), restartRequired }
}

/** `version 42 (3f9a01bc52d1)`. */
export function versionLine({ id, hash, description }: Version): string {
  return `version ${id} (${hash.slice(0, 12)})${description === null ? '' : `: ${visible(description)}`}`
}
