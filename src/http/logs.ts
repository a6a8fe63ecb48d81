import type { Log } from '../engine/options.ts'
import type { ChangeEvent } from '../model/config.ts'
import { PATHS } from '../wire/paths.ts'
import type { Context, Observation } from './context.ts'
import { newSpanId, traceOf } from './trace.ts'

/**
 * Logs requests when they are over, and every change with the head of its chain: what a store says of itself is worth something only against a
 * head that was kept elsewhere. Nothing of what a request said stands in a line, neither its address, its headers nor its body: routes go by
 * their template, tokens by their id.
 */
export function keepLog({ service, options, log, observers }: Context): void {
  const { logRequests = 'changes' } = options
  if (logRequests !== 'none') {
    observers.push((observation) => {
      if (logRequests === 'all' || isWorthALine(observation)) log.info(requestLine(observation), 'request')
    })
  }
  service.onChange((namespace, event) => log.info(changeLine(namespace, event), 'change'))
}

const isWorthALine = ({ method, status }: Observation): boolean =>
  status >= 400 || (method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS')

function requestLine(observation: Observation): object {
  const { route, method, status, milliseconds, requestId, code, version, caller, message } = observation
  const trace = traceOf(message)
  return {
    method,
    route: route === undefined ? null : PATHS[route][1],
    ...namespaceOf(route, message.url),
    status,
    ...(code !== undefined && { code }),
    ...(version !== undefined && { version }),
    ms: Math.round(milliseconds * 1000) / 1000,
    requestId,
    ...(caller !== null && { who: caller.who.name, tokenId: caller.who.tokenId }),
    ...(trace && { traceId: trace.traceId, parentId: trace.parentId, spanId: newSpanId() }),
  }
}

const NAMESPACE = /^\/api\/v1\/namespaces\/([a-z0-9][a-z0-9._-]{0,62})(?:[/?]|$)/

function namespaceOf(route: Observation['route'], url = ''): { readonly namespace?: string } {
  if (route === undefined) return {}
  const [, namespace] = NAMESPACE.exec(url) ?? []
  return namespace === undefined ? {} : { namespace }
}

/** Which keys were changed stands in the history: a log goes to other people. */
function changeLine(namespace: string, { version, changes }: ChangeEvent): Parameters<Log['info']>[0] {
  const { id, hash, chainHash, createdBy, cause } = version
  return { namespace, version: id, chainHash, hash, who: createdBy, cause, changes: changes.length }
}
