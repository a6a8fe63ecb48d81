import { Counter, type Metric, type Registry } from 'prom-client'

/** What was counted of one route. */
interface Tally {
  /** By method, by status. */
  readonly answers: Map<string, Map<number, number>>
  /** How many took no longer than each bound and longer than the one before; the last is for those beyond all. */
  readonly took: number[]
  seconds: number
}

type Answered = Counter<'route' | 'method' | 'status'>

const NAME = 'holdfast_http_request_duration_seconds'
const HELP =
  'Time from a request to the end of its answer. Waiting reads count as long as they wait; event streams until they end.'

/**
 * Counts and times requests. It is asked at each of them, so it only counts; the library, which looks at every label of every observation, sees
 * the sums when somebody reads the metrics.
 */
export class RequestMetrics {
  readonly #bounds: readonly number[]
  readonly #tallies = new Map<string, Tally>()

  constructor(registry: Registry, bounds: readonly number[]) {
    this.#bounds = bounds
    const answered: Answered = new Counter({
      name: 'holdfast_http_requests_total',
      help: 'Requests answered.',
      labelNames: ['route', 'method', 'status'],
      registers: [registry],
      collect: () => this.#count(answered),
    })
    const times = { name: NAME, help: HELP, type: 'histogram', aggregator: 'sum', reset: () => this.#tallies.clear() }
    registry.registerMetric({ ...times, get: async () => ({ ...times, values: this.#times() }) } as unknown as Metric)
  }

  /** Counts a request that is over. */
  observe(route: string, method: string, status: number, seconds: number): void {
    const tally = this.#tallies.get(route) ?? this.#begin(route)
    const answers = tally.answers.get(method) ?? new Map<number, number>()
    if (answers.size === 0) tally.answers.set(method, answers)
    answers.set(status, (answers.get(status) ?? 0) + 1)
    tally.seconds += seconds
    let i = 0
    while (i < this.#bounds.length && seconds > this.#bounds[i]!) i++
    tally.took[i]!++
  }

  #begin(route: string): Tally {
    const tally: Tally = { answers: new Map(), took: Array<number>(this.#bounds.length + 1).fill(0), seconds: 0 }
    this.#tallies.set(route, tally)
    return tally
  }

  #count(answered: Answered): void {
    answered.reset()
    for (const [route, { answers }] of this.#tallies) {
      for (const [method, byStatus] of answers)
        for (const [status, count] of byStatus) answered.inc({ route, method, status }, count)
    }
  }

  #times(): readonly object[] {
    return [...this.#tallies].flatMap(([route, { took, seconds }]) => {
      let count = 0
      const buckets = took.map((more, i) => {
        count += more
        return { metricName: `${NAME}_bucket`, labels: { le: this.#bounds[i] ?? '+Inf', route }, value: count }
      })
      const sums = [
        { metricName: `${NAME}_sum`, labels: { route }, value: seconds },
        { metricName: `${NAME}_count`, labels: { route }, value: count },
      ]
      return [...buckets, ...sums]
    })
  }
}
