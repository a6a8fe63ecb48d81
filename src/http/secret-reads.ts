import { type Path, parsePath, printPath } from '../model/path.ts'
import { reachOf } from '../model/principal.ts'
import type { VersionId } from '../model/version.ts'
import type { Caller, Context } from './context.ts'

/** What a request showed in the clear. */
export interface SecretRead {
  readonly namespace: string
  /** What it asked for: empty for the whole configuration, `['']` for what stands outside any section. */
  readonly asked: Path
  /** Of which version; undefined where there is none yet. */
  readonly version: VersionId | undefined
  /** Paths of secrets, of which those count that the caller may read. */
  readonly paths: readonly string[]
}

/**
 * Writes into the audit log that somebody is shown secrets, before they are: one entry for a request, however many they are. Refuses
 * (`unavailable`) where it cannot be written.
 */
export async function noteSecrets(
  { service }: Pick<Context, 'service'>,
  { who, from }: Caller,
  read: SecretRead,
): Promise<void> {
  const { namespace } = read
  const reach = reachOf(who, 'secrets:read', namespace)
  const paths = read.paths.filter((path) => reach?.has(parsePath(path)[0]!))
  if (paths.length === 0) return
  await service.access.witness({
    event: 'secret-read',
    who: who.name,
    tokenId: who.tokenId,
    sourceIp: from.ip,
    namespace,
    ...wordsFor({ ...read, paths }),
    requestId: from.requestId,
  })
}

/** With the version the list can be worked out also where it is cut. */
function wordsFor({ asked, version, paths }: SecretRead): { readonly subject: string; readonly detail: string } {
  const of = `of version ${version ?? 0}`
  const [first = '', ...more] = paths
  if (more.length === 0) return { subject: first, detail: of }
  return { subject: subjectOf(asked), detail: `${paths.length} secrets ${of}: ${listed(paths)}` }
}

/** As an address has it; no path is printed `*`. */
const subjectOf = (asked: Path): string => (asked.length === 0 ? '*' : printPath(asked))

/** Characters of the paths in one entry. */
const ROOM = 440

function listed(paths: readonly string[]): string {
  let text = ''
  for (const [i, path] of paths.entries()) {
    const next = i === 0 ? path : `${text}, ${path}`
    if (next.length > ROOM) return `${text}${i === 0 ? '' : ', '}and ${paths.length - i} more`
    text = next
  }
  return text
}
