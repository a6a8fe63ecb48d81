import { Gauge, type Registry } from 'prom-client'
import { patiently } from '../engine/patience.ts'
import type { SourceStatus } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { localPrincipal } from '../model/principal.ts'
import type { Context } from './context.ts'
import { DriftCounts } from './metrics-drift.ts'

const READER = localPrincipal('metrics')

/** What is read of the store and its namespaces each time somebody looks. */
export class StoreGauges {
  readonly #context: Context
  readonly #drifts: DriftCounts
  readonly #ready: Gauge
  readonly #version: Gauge<'namespace'>
  readonly #stale: Gauge<'namespace' | 'source'>
  readonly #age: Gauge<'namespace' | 'source'>
  readonly #drift: Gauge<'namespace' | 'kind'>
  readonly #bytes: Gauge<'part'>
  readonly #growth: Gauge<'window'>
  readonly #waiting: Gauge<'queue'>
  readonly #runs: Gauge<'schedule' | 'task' | 'outcome'>
  readonly #held: Gauge<'work' | 'namespace' | 'schedule'>
  readonly #sizes = patiently(() => this.#readStore())
  readonly #drifted = patiently(() => this.#readDrift())
  readonly #scheduled = patiently(() => this.#readSchedules())

  constructor(context: Context, registry: Registry) {
    const gauge = <L extends string>(name: string, help: string, ...labelNames: readonly L[]): Gauge<L> =>
      new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] })
    this.#context = context
    this.#drifts = new DriftCounts(context.service)
    this.#ready = gauge('holdfast_ready', '1 where the store is read and takes writes.')
    this.#version = gauge('holdfast_version', 'The newest version.', 'namespace')
    this.#stale = gauge('holdfast_source_stale', '1 where the last good content is in use.', 'namespace', 'source')
    this.#age = gauge(
      'holdfast_source_loaded_timestamp_seconds',
      'When the content in use was loaded, in seconds since 1970.',
      'namespace',
      'source',
    )
    this.#drift = gauge('holdfast_drift', 'Keys and instances that differ from what is meant.', 'namespace', 'kind')
    this.#bytes = gauge('holdfast_store_bytes', 'The file, its unused pages, and its write-ahead log.', 'part')
    this.#growth = gauge(
      'holdfast_store_growth_bytes',
      'Bytes that came into use in the last hour and day, or since the start where that is shorter.',
      'window',
    )
    this.#waiting = gauge(
      'holdfast_queue_length',
      'Changes to be committed, messages to be delivered, entries to be written.',
      'queue',
    )
    this.#runs = gauge(
      'holdfast_schedule_last_run_timestamp_seconds',
      'When a schedule began to run last, in seconds since 1970, and how that ended.',
      'schedule',
      'task',
      'outcome',
    )
    this.#held = gauge(
      'holdfast_timed_work',
      '1 for what this node does and no other: sources, schedule, webhooks, upkeep.',
      'work',
      'namespace',
      'schedule',
    )
  }

  /** Reads all of it. What a store that is away, or does not answer soon, cannot tell is left out. */
  async read(): Promise<void> {
    this.#readNamespaces()
    this.#readHeld()
    await Promise.all([
      this.#readReady(),
      leftOut(this.#sizes, this.#bytes, this.#growth, this.#waiting),
      leftOut(this.#drifted, this.#drift),
      leftOut(this.#scheduled, this.#runs),
    ])
  }

  async #readReady(): Promise<void> {
    const { isReady } = await this.#context.service.ready()
    this.#ready.set(isReady ? 1 : 0)
  }

  #readNamespaces(): void {
    for (const one of [this.#version, this.#stale, this.#age]) one.reset()
    for (const { namespace, version, sources } of this.#context.service.health()) {
      if (version !== undefined) this.#version.set({ namespace }, version.id)
      for (const source of sources) this.#readSource(namespace, source)
    }
  }

  #readSource(namespace: string, { name: source, state, loadedAt }: SourceStatus): void {
    this.#stale.set({ namespace, source }, state === 'stale' ? 1 : 0)
    if (loadedAt !== null) this.#age.set({ namespace, source }, Date.parse(loadedAt) / 1000)
  }

  #readHeld(): void {
    this.#held.reset()
    for (const { name } of this.#context.service.held()) {
      const [work = '', what] = name.split(/:(.*)/s)
      const of = work === 'sources' ? 'namespace' : 'schedule'
      this.#held.set({ work, ...(what !== undefined && { [of]: what }) }, 1)
    }
  }

  async #readStore(): Promise<void> {
    const { store, growth, waiting } = await this.#context.service.measures()
    this.#bytes.set({ part: 'file' }, store.bytes)
    this.#bytes.set({ part: 'free' }, store.freeBytes)
    this.#bytes.set({ part: 'wal' }, store.walBytes)
    for (const [window, bytes] of Object.entries(growth)) this.#growth.set({ window }, bytes)
    for (const [queue, length] of Object.entries(waiting)) this.#waiting.set({ queue }, length)
  }

  async #readDrift(): Promise<void> {
    this.#drift.reset()
    for (const { namespace, kind, count } of await this.#drifts.read()) this.#drift.set({ namespace, kind }, count)
  }

  async #readSchedules(): Promise<void> {
    this.#runs.reset()
    for (const { name: schedule, task, lastRun } of await this.#context.service.admin(READER).schedules.list()) {
      if (lastRun === null || lastRun === undefined) continue
      this.#runs.set({ schedule, task, outcome: lastRun.outcome }, Date.parse(lastRun.startedAt) / 1000)
    }
  }
}

async function leftOut(read: () => Promise<void>, ...gauges: readonly Gauge[]): Promise<void> {
  try {
    await read()
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    for (const gauge of gauges) gauge.reset() // a gauge with labels has no samples then: 0 would be a lie
  }
}
