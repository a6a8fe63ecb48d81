import { parsePath } from '../model/path.ts'
import { reachOf } from '../model/principal.ts'
import type { Caller, Context } from './context.ts'

/** Notes in the audit log that somebody was shown the secrets at these paths, those of them that they may read. */
export function noteSecrets(
  { service }: Pick<Context, 'service'>,
  { who, from }: Caller,
  namespace: string,
  paths: readonly string[],
): void {
  const reach = reachOf(who, 'secrets:read', namespace)
  for (const subject of paths) {
    if (!reach?.has(parsePath(subject)[0]!)) continue
    service.access.record({
      event: 'secret-read',
      who: who.name,
      tokenId: who.tokenId,
      sourceIp: from.ip,
      namespace,
      subject,
      detail: null,
      requestId: from.requestId,
    })
  }
}
