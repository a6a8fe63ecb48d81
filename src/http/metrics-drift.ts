import type { Service } from '../engine/service.ts'
import type { Config, DriftKind } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { localPrincipal } from '../model/principal.ts'

const READER = localPrincipal('metrics')
/** Another baseline or version counts again, but a busy namespace not more often than this. */
const AGAIN_MS = 30_000

interface Known {
  readonly at: number
  readonly version: number
  readonly count: number
}

export interface DriftCount {
  readonly namespace: string
  readonly kind: DriftKind
  readonly count: number
}

/** How much of each namespace that is open differs from what is meant. Drift against the baseline reads the past, so it is counted now and then. */
export class DriftCounts {
  readonly #service: Service
  readonly #known = new Map<string, Known>()

  constructor(service: Service) {
    this.#service = service
  }

  async read(): Promise<readonly DriftCount[]> {
    const found: DriftCount[] = []
    for (const { namespace, version } of this.#service.health()) {
      if (version === undefined) continue
      const config = await this.#service.config(READER, namespace)
      found.push({ namespace, kind: 'override', count: overrideCount(config) })
      found.push({ namespace, kind: 'instance', count: (await config.drift({ kind: 'instance' })).length })
      const count = await this.#baseline(config, version.id)
      if (count !== undefined) found.push({ namespace, kind: 'baseline', count })
    }
    return found
  }

  /** Undefined where there is no baseline. */
  async #baseline(config: Config, version: number): Promise<number | undefined> {
    const known = this.#known.get(config.namespace)
    const now = performance.now()
    if (known !== undefined && (known.version === version || now - known.at < AGAIN_MS)) return known.count
    try {
      const { length: count } = await config.drift({ kind: 'baseline' })
      this.#known.set(config.namespace, { at: now, version, count })
      return count
    } catch (error) {
      if (HoldfastError.is(error, 'not-found')) return undefined
      throw error
    }
  }
}

const overrideCount = (config: Config): number =>
  Object.values(config.detectDrift()).reduce((sum, keys) => sum + Object.keys(keys).length, 0)
