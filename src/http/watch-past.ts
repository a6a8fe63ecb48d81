import type { ChangeEvent, Config } from '../model/config.ts'
import type { SnapshotAnswer } from '../wire/answers.ts'
import { encodeEvent, watchId } from '../wire/sse.ts'
import type { Caller, Context } from './context.ts'
import { noteSecrets } from './secret-reads.ts'
import { snapshotOf } from './snapshot.ts'
import { changeFrame, type Reset, type WatchGroup } from './watch-group.ts'
import type { Since } from './watch-request.ts'
import type { WatchStream } from './watch-stream.ts'

/** Versions of the past that one stream has in memory at once. */
const PAGE = 500

/** Bytes that are written before asking whether the client reads. */
const PIECE_BYTES = 64 * 1024

/** A stream that has something to catch up with. */
export interface Following {
  readonly context: Context
  readonly stream: WatchStream
  readonly group: WatchGroup
  readonly caller: Caller
  readonly config: Config
  readonly reveal: boolean
}

/** Tells a stream every version after `since`, each once, and then lets it go live. What goes wrong ends it: its client comes back. */
export async function catchUp(one: Following, since: Since): Promise<void> {
  try {
    if (isCurrent(one.config, since)) one.stream.last = since.version
    else await tellPast(one, since)
  } catch (error) {
    if (one.stream.isOpen) one.context.log.warn({ error: (error as Error).message }, 'a watch could not be resumed')
    one.stream.destroy()
  }
}

/** True for who has missed nothing: after a restart of the server, most. */
const isCurrent = ({ version }: Config, since: Since): boolean =>
  version?.id === since.version && version.chainHash.startsWith(since.chain ?? '')

/** Page by page. What is published meanwhile is held from before each page is read, so that nothing falls between the two. */
async function tellPast(one: Following, since: Since): Promise<void> {
  const { context, stream, caller, config } = one
  let from = since
  while (stream.isOpen) {
    stream.hold()
    const { version, chain } = from
    const options = { limit: PAGE, ...(chain !== undefined && { chain }) }
    const past = await context.service.resume(caller.who, config.namespace, version, options)
    if (past.isWhole) {
      const last = past.events.at(-1)?.version
      await tell(one, past.events)
      if (last !== undefined) from = { version: last.id, chain: last.chainHash }
      stream.last = from.version
      if (past.events.length < PAGE && stream.release()) return
    } else {
      from = await reset(one)
    }
  }
}

/** Those that are wanted, and the id of the last one in any case. */
async function tell({ stream, group, context }: Following, events: readonly ChangeEvent[]): Promise<void> {
  let piece: Buffer[] = []
  let bytes = 0
  for (const event of events) {
    const isWanted = group.isWanted(event)
    if (!isWanted && event !== events.at(-1)) continue
    const frame = isWanted ? changeFrame(event).bytes : Buffer.from(encodeEvent({ id: watchId(event.version) }))
    piece.push(frame)
    bytes += frame.length
    if (bytes < PIECE_BYTES) continue
    await stream.write(Buffer.concat(piece), patienceOf(context))
    piece = []
    bytes = 0
  }
  await stream.write(Buffer.concat(piece), patienceOf(context))
}

/** The whole configuration in place of a past that cannot be told. */
async function reset(one: Following): Promise<Since> {
  const { stream, group, context, config } = one
  const { version, bytes } = one.reveal
    ? await openedReset(one)
    : await group.reset(async () => resetOf(await snapshotOf(config)))
  await stream.write(bytes, patienceOf(context))
  stream.last = version?.id ?? 0
  return version === null ? { version: 0 } : { version: version.id, chain: version.chainHash }
}

async function openedReset({ context, caller, config }: Following): Promise<Reset> {
  const answer = await snapshotOf(config, { reveal: true })
  const { version, secrets: paths } = answer
  await noteSecrets(context, caller, { namespace: config.namespace, asked: [], version: version?.id, paths })
  return resetOf(answer)
}

function resetOf(answer: SnapshotAnswer): Reset {
  const id = answer.version === null ? '0' : watchId(answer.version)
  const bytes = Buffer.from(encodeEvent({ id, event: 'reset', data: JSON.stringify(answer) }))
  return { version: answer.version, bytes }
}

/** A client that reads nothing for two heartbeats is gone. */
const patienceOf = ({ options }: Context): number => 2 * (options.heartbeatSeconds ?? 15) * 1000
