import type { FastifyInstance } from 'fastify'
import { HoldfastError } from '../model/errors.ts'
import { PATHS, type RouteName } from '../wire/paths.ts'
import { ROUTES } from '../wire/routes.ts'
import type { Context } from './context.ts'

type Place = Pick<Context, 'service' | 'now'>

/** What an answer from memory says while the store is away: for how many seconds it may have missed something. */
export function staleness({ service, now }: Place): Readonly<Record<string, string>> {
  const since = service.staleSince()
  if (since === undefined) return {}
  return { 'holdfast-stale': String(Math.max(0, Math.ceil((now().getTime() - since) / 1000))) }
}

/** Marks what is read from a namespace while the store is away. */
export function markStale(app: FastifyInstance, context: Context): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const { name } = request.routeOptions.config
    if (name !== undefined && ROUTES[name].scope === 'config:read' && reply.statusCode < 400)
      reply.headers(staleness(context))
    done(null, payload)
  })
}

/** What is no read, and yet needs no store: it asks the memory, or a copy, which is wanted when the store is away. */
const WITHOUT_STORE: readonly RouteName[] = ['validate', 'verifyBackup']

/** Refuses at once what would have to be written while the store is away: nobody waits for what cannot be done. */
export function requireStore({ service }: Pick<Context, 'service'>, name: RouteName): void {
  if (!service.isAway() || PATHS[name][0] === 'GET' || WITHOUT_STORE.includes(name)) return
  const message = 'the store is away, and nothing was changed: reads go on from memory; try again later'
  throw new HoldfastError('unavailable', message, { store: 'store', retry: true })
}
