import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { HoldfastError } from '../model/errors.ts'
import { type Action, matches, type Principal } from '../model/principal.ts'
import type { Context, Observation } from './context.ts'
import { LoopDelay } from './metrics-loop.ts'
import { RequestMetrics } from './metrics-requests.ts'
import { StoreGauges } from './metrics-store.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60]

/**
 * The metrics of one server. Labels are names of routes, namespaces, sources and schedules, and codes of refusals: never a key of the
 * configuration, a value, a token or an address.
 */
export class Metrics {
  readonly registry = new Registry()
  readonly #store: StoreGauges
  readonly #loop: LoopDelay
  readonly #requests = new RequestMetrics(this.registry, SECONDS)
  readonly #refusals = this.#counter('holdfast_refusals_total', 'Requests refused, by code.', ['code'])
  readonly #changes = this.#counter('holdfast_changes_total', 'Versions made or taken in.', ['namespace', 'cause'])
  readonly #delay = new Histogram({
    name: 'holdfast_watch_delay_seconds',
    help: 'Time from a change in force until it was written to the last of its watchers.',
    buckets: SECONDS.slice(0, -2),
    registers: [this.registry],
  })

  constructor(context: Context) {
    this.#store = new StoreGauges(context, this.registry)
    this.#loop = new LoopDelay(this.registry)
    context.service.onChange((namespace, { version: { cause } }) => this.#changes.inc({ namespace, cause }))
    context.stopping.addEventListener('abort', () => this.#loop.stop())
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] })
  }

  /** Counts a request that is over. */
  readonly observe = ({ route: name, method, status, milliseconds, code }: Observation): void => {
    const route = name ?? 'unknown'
    this.#requests.observe(route, METHODS.has(method) ? method : 'other', status, milliseconds / 1000)
    if (code !== undefined) this.#refusals.inc({ code })
  }

  /** Times how long watchers waited to be told. */
  readonly told = (milliseconds: number): void => this.#delay.observe(milliseconds / 1000)

  /** Shows how many event streams are open, each time somebody looks. */
  showWatchers(count: () => number): void {
    const { registry } = this
    const gauge: Gauge = new Gauge({
      name: 'holdfast_watchers',
      help: 'Event streams that are open.',
      registers: [registry],
      collect: () => gauge.set(count()),
    })
  }

  /** All that `who` may see as Prometheus reads it, and its media type: of namespaces, those where they may read anything or the audit log. */
  async text(who: Principal): Promise<{ readonly text: string; readonly type: string }> {
    const patterns = patternsOf(who)
    await this.#store.read()
    const text = await this.registry.metrics()
    const isAll = patterns.includes('*')
    return { text: isAll ? text : withoutOthers(text, patterns), type: this.registry.contentType }
  }
}

/** A method is the caller's word: any other than these is one label. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

const LOOKING: readonly Action[] = ['config:read', 'audit:read', 'admin']

function patternsOf({ name, grants }: Principal): readonly string[] {
  const mine = grants.filter(({ actions }) => actions.some((action) => LOOKING.includes(action)))
  if (mine.length > 0) return mine.flatMap(({ namespaces }) => namespaces)
  const text = `${name} may neither config:read nor audit:read anywhere, one of which metrics need`
  throw new HoldfastError('forbidden', text, { action: 'audit:read', namespace: '*' })
}

const withoutOthers = (text: string, patterns: readonly string[]): string =>
  text
    .split('\n')
    .filter((line) => {
      const [, namespace] = /^[^#{]*\{(?:[^}]*,)?namespace="([^"]*)"/.exec(line) ?? []
      return namespace === undefined || patterns.some((pattern) => matches(pattern, namespace))
    })
    .join('\n')
