import { HoldfastError } from '../model/errors.ts'

const MINUTE = 60_000
const MOST = 20_000

/**
 * Limits how often something is done a minute, by key, with one number for each: the time at which all that was done is paid for
 * (GCRA). A minute's worth may come at once; from then on it comes back evenly. Of very many keys those not seen longest are forgotten.
 */
export class Rate {
  readonly #cost: number
  readonly #paid = new Map<string, number>()
  readonly #now: () => number

  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#cost = MINUTE / perMinute
    this.#now = now
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#paid.size
  }

  /** Takes one, and refuses (`rate-limited`) where there is none left. */
  take(key: string, who: string): void {
    const now = this.#now()
    const paid = Math.max(this.#paid.get(key) ?? 0, now) + this.#cost
    const wait = paid - now - MINUTE
    if (wait > 0) throw tooMany(who, Math.max(1, Math.ceil(wait / 1000)))
    this.#paid.delete(key)
    this.#paid.set(key, paid)
    if (this.#paid.size > MOST) this.#forget(now)
  }

  #forget(now: number): void {
    for (const [key, paid] of this.#paid) {
      if (paid > now && this.#paid.size <= MOST) return
      this.#paid.delete(key)
    }
  }
}

function tooMany(who: string, retryAfter: number): HoldfastError {
  const message = `too many requests of ${who}: ask again in ${retryAfter} s`
  return new HoldfastError('rate-limited', message, { retryAfter })
}

/** What of an address counts as one client: a household has 2^64 addresses of version 6. */
export function addressKey(ip: string | null): string {
  if (ip === null || !ip.includes(':')) return ip ?? 'nowhere'
  const [front = '', back] = ip.split('%')[0]!.split('::')
  const head = front === '' ? ['0'] : front.split(':')
  const zeros = back === undefined ? 0 : 8 - head.length - back.split(':').length
  return `${[...head, ...Array<string>(Math.max(0, zeros)).fill('0'), ...(back?.split(':') ?? [])].slice(0, 4).join(':')}::/64`
}
