import type { InstanceReport } from '../model/instance.ts'
import type { VersionId } from '../model/version.ts'
import { type Calls, newKey } from './calls.ts'
import type { ConnectOptions } from './options.ts'
import { isInstance } from './shape.ts'
import { later } from './wait.ts'

const EVERY_MS = 30_000
/** New versions in a row are reported together. */
const SOON_MS = 1_000

/** Tells the server what this process uses: at its start, after each new version, and every 30 s. */
export class Reporter {
  readonly #calls: Calls
  readonly #now: () => VersionId
  readonly #said: Omit<InstanceReport, 'version'>
  #timer: ReturnType<typeof setTimeout> | undefined
  #isSoon = false
  #isFailing = false

  constructor(calls: Calls, said: Omit<InstanceReport, 'version'>, now: () => VersionId) {
    this.#calls = calls
    this.#said = said
    this.#now = now
    void this.#report()
  }

  /** Another version is in use. */
  changed(): void {
    if (!this.#isSoon) this.#plan(SOON_MS)
    this.#isSoon = true
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #plan(ms: number): void {
    clearTimeout(this.#timer)
    if (!this.#calls.http.closing.aborted) this.#timer = later(() => void this.#report(), ms)
  }

  /** A failure is no reason to stop: the next report says the same. */
  async #report(): Promise<void> {
    this.#isSoon = false
    const { id, ...rest } = this.#said
    try {
      await this.#calls.once('reportInstance', isInstance, { in: { id }, body: { ...rest, version: this.#now() } })
      this.#isFailing = false
    } catch (error) {
      const { http } = this.#calls
      if (!this.#isFailing && !http.closing.aborted) http.log.warn({ error }, 'this instance could not be reported')
      this.#isFailing = true
    }
    this.#plan(this.#isSoon ? SOON_MS : EVERY_MS)
  }
}

/** What this process calls itself. */
export async function describe(
  { id = newKey(), host }: Exclude<ConnectOptions['instance'], false | undefined>,
  startVersion: VersionId,
): Promise<Omit<InstanceReport, 'version'>> {
  return { id, host: host ?? (await hostName()), startVersion, startedAt: new Date().toISOString() }
}

async function hostName(): Promise<string> {
  if (globalThis.process?.versions?.node === undefined) return 'browser'
  const { hostname } = await import('./node.ts')
  return hostname()
}
