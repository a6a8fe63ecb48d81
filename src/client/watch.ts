import type { ChangeEvent } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import type { VersionId } from '../model/version.ts'
import { follow } from './follow.ts'
import type { Http } from './http.ts'
import type { Mirror } from './mirror.ts'

/** Every event after `since`, or after what is here now, once and in order; each when it can be read here too. */
export function watch(
  http: Http,
  mirror: Mirror,
  { since, signal }: { readonly since?: VersionId; readonly signal?: AbortSignal },
): AsyncIterable<ChangeEvent> {
  const from = since === undefined ? mirror.place : String(since)
  return events(http, mirror, { from, last: since ?? mirror.versionId, ...(signal && { signal }) })
}

interface Start {
  readonly from: string
  readonly last: VersionId
  readonly signal?: AbortSignal
}

async function* events(http: Http, mirror: Mirror, { from, last, signal }: Start): AsyncGenerator<ChangeEvent> {
  const own = new AbortController()
  const abort = (): void => own.abort()
  const ends = signal === undefined ? [http.closing] : [http.closing, signal]
  for (const end of ends) {
    if (end.aborted) abort()
    else end.addEventListener('abort', abort)
  }
  const { namespace, watchdogMs } = mirror.options
  let known = last
  try {
    for await (const message of follow(http, {
      namespace,
      from,
      watchdogMs,
      signal: own.signal,
      reveal: false,
      background: false,
    })) {
      if (message.kind === 'reset') throw lost(http, known)
      if (message.kind !== 'change' || message.event.version.id <= known) continue
      await mirror.reach(message.event.version.id, own.signal)
      if (own.signal.aborted) return
      known = message.event.version.id
      yield message.event
    }
  } finally {
    abort()
    for (const end of ends) end.removeEventListener('abort', abort)
  }
}

const lost = (http: Http, since: VersionId): HoldfastError =>
  new HoldfastError(
    'not-found',
    `${http.origin} cannot tell what came after version ${since}: it was purged, or the store is another one. Read the configuration and watch without since`,
    { what: String(since) },
  )
