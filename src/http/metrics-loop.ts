import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, type Registry } from 'prom-client'

const RESOLUTION_MS = 10
const QUANTILES = [0.5, 0.99, 1]

/** How this process fares: its memory, its processor time, and how long its event loop is kept waiting. */
export class LoopDelay {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  readonly #gauge: Gauge<'quantile'>

  constructor(registry: Registry) {
    this.#delay.enable()
    this.#gauge = new Gauge({
      name: 'holdfast_event_loop_delay_seconds',
      help: 'How late the event loop came to what was due, since the last time somebody looked; quantile 1 is the longest.',
      labelNames: ['quantile'],
      registers: [registry],
      collect: () => this.#read(),
    })
    const spent: Counter = new Counter({
      name: 'process_cpu_seconds_total',
      help: 'Processor time of this process, all of its threads.',
      registers: [registry],
      collect() {
        spent.reset()
        spent.inc(processorTime())
      },
    })
    for (const [name, { help, read }] of Object.entries(PROCESS)) {
      const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect: () => gauge.set(read()) })
    }
  }

  #read(): void {
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000)
    for (const quantile of QUANTILES) {
      const found = this.#delay.count === 0 ? 0 : this.#delay.percentile(quantile * 100)
      this.#gauge.set({ quantile }, late(found))
    }
    this.#delay.reset()
  }

  stop(): void {
    this.#delay.disable()
  }
}

function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const PROCESS: Readonly<Record<string, { readonly help: string; readonly read: () => number }>> = {
  process_resident_memory_bytes: { help: 'Memory of this process.', read: () => process.memoryUsage.rss() },
  process_start_time_seconds: {
    help: 'When this process began, in seconds since 1970.',
    read: () => Math.round((Date.now() - process.uptime() * 1000) / 1000),
  },
}
