import type { VersionId } from '../model/version.ts'
import type { SnapshotAnswer } from '../wire/answers.ts'
import type { Http } from './http.ts'
import { LocalSnapshot } from './local.ts'
import { isSnapshotAnswer } from './shape.ts'

export interface Fetched {
  readonly answer: SnapshotAnswer
  readonly etag: string | null
}

export interface SnapshotQuery {
  readonly namespace: string
  readonly reveal: boolean
  readonly at?: string
  /** The version that it must have at least. */
  readonly min?: VersionId
  readonly signal?: AbortSignal
}

/** A namespace as it is now, or at `at`; `undefined` where it is still what `etag` names. */
export async function fetchSnapshot(
  http: Http,
  { namespace, reveal, at, min, signal }: SnapshotQuery,
  etag: string | null = null,
): Promise<Fetched | undefined> {
  const {
    status,
    etag: found,
    body,
  } = await http.send('readSnapshot', {
    in: { ns: namespace },
    query: { reveal: reveal ? true : undefined, at, min },
    ...(signal && { signal }),
    ...(etag !== null && { headers: { 'if-none-match': etag } }),
  })
  if (status === 304) return undefined
  if (isSnapshotAnswer(body) && isReadable(body)) return { answer: body, etag: found }
  throw http.unavailable('its snapshot is not what it should be')
}

/** True where every path in an answer can be read. */
export function isReadable(answer: SnapshotAnswer): boolean {
  try {
    new LocalSnapshot(answer).tree(false)
    return true
  } catch {
    return false
  }
}
