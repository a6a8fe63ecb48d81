import { readFileSync } from 'node:fs'
import type { Handlers } from './call.ts'

/** What a package says of itself stands beside `src` and `dist` alike. */
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string
}

/**
 * Whether the server runs, and whether it can do its work. Anybody may ask, so that nothing is told of what is in the store: neither names of
 * namespaces and sources nor where files are. The log tells those.
 */
export const HEALTH: Handlers<'livez' | 'healthz' | 'readyz'> = {
  livez: () => ({ json: { status: 'ok' } }),
  healthz: () => ({ json: { status: 'ok', version } }),
  async readyz({ context: { service, stopping } }) {
    if (stopping.aborted) return { status: 503, json: { isReady: false, reasons: ['this server is stopping'] } }
    const { isReady, reasons } = await service.ready()
    return { status: isReady ? 200 : 503, json: { isReady, reasons: [...new Set(reasons.map(withoutNames))] } }
  },
}

const OF_THE_STORE = /^the store (?:cannot be read|takes no writes|does not answer)(?=:|$)/

const withoutNames = (reason: string): string =>
  OF_THE_STORE.exec(reason)?.[0] ?? 'a source or a schema cannot be loaded: what was loaded last is in use'
