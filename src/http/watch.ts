import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ChangeEvent, Config } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { authorise, reachOf } from '../model/principal.ts'
import { encodeComment, encodeEvent, watchId } from '../wire/sse.ts'
import { addressOf } from './call.ts'
import { type Caller, type Context, callerOf } from './context.ts'
import { staleness } from './staleness.ts'
import { storeEvent, WatchHub } from './watch-hub.ts'
import { catchUp } from './watch-past.ts'
import { type Asked, askedBy } from './watch-request.ts'

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  connection: 'close', // the stream ends with its connection: there is nothing to frame
}

/** What a stream begins with, so that whatever stands between sends its head on: when to come back, and a word. */
const OPENING = encodeEvent({ retry: 2000 }) + encodeComment('watching')

/** Serves the watch of a namespace. The hub it gives knows how many streams are open; `onTold` hears how long a change took to reach the last of them. */
export function registerWatch(
  app: FastifyInstance,
  context: Context,
  onTold: (milliseconds: number) => void = () => undefined,
): WatchHub {
  const hub = new WatchHub(context, onTold)
  app.route({
    ...addressOf('watch'),
    exposeHeadRoute: false,
    handler: (request, reply) => watch(hub, context, request, reply),
  })
  return hub
}

/** Refuses before the stream begins; from then on what is wrong ends the stream, and its client comes back. */
async function watch(hub: WatchHub, context: Context, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const caller = callerOf(request)
  const { ns } = request.params as { readonly ns: string }
  const asked = askedBy(request)
  const config = await context.service.config(caller.who, ns, caller.from)
  if (asked.reveal) authorise(caller.who, 'secrets:read', ns)
  hub.requireRoom(caller)
  const key = JSON.stringify([ns, ...sightOf(context, caller, ns), asked.sections])
  const socket = begin(reply, config, staleness(context))
  const { stream, group } = hub.join(socket, { caller, config, key, isWanted: wantedBy(asked) })
  socket.write(OPENING)
  const staleSince = context.service.staleSince()
  if (staleSince !== undefined) socket.write(storeEvent(staleSince))
  if (asked.since === undefined) {
    socket.write(encodeEvent({ id: config.version === undefined ? '0' : watchId(config.version) }))
    stream.last = config.version?.id ?? 0
  } else {
    void catchUp({ context, stream, group, caller, config, reveal: asked.reveal }, asked.since)
  }
}

/** Who reads the same sections, and the secrets of the same, is told the same. */
const sightOf = ({ service }: Context, { who }: Caller, namespace: string): readonly (string | undefined)[] => [
  service.reach(who, namespace).key,
  reachOf(who, 'secrets:read', namespace)?.key,
]

function wantedBy({ sections }: Asked): (event: ChangeEvent) => boolean {
  if (sections.length === 0) return () => true
  const names = new Set(sections)
  return ({ changes }) => changes.some(({ section }) => names.has(section))
}

/** Sends the head and gives the bare socket: from here on the request is the stream's alone. */
function begin(reply: FastifyReply, config: Config, more: Readonly<Record<string, string>>): Socket {
  const { raw } = reply
  const { socket } = raw
  if (socket === null || socket.destroyed) {
    throw new HoldfastError('malformed', 'a watch needs a connection of its own, not one after another request', {
      what: 'connection',
    })
  }
  reply.hijack()
  raw.useChunkedEncodingByDefault = false
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
  raw.writeHead(200, { ...HEADERS, ...more, 'holdfast-version': String(config.version?.id ?? 0) })
  raw.flushHeaders()
  socket.setTimeout(0)
  socket.setKeepAlive(true, 60_000)
  return socket
}
