import { HoldfastError } from '../model/errors.ts'

const MINUTE = 60_000
const MOST = 20_000
/** How long one is in its place before it is put behind the others again: not at every request. */
const SEEN_MS = 1000

interface Account {
  /** The time at which all that was done is paid for. */
  paid: number
  seen: number
}

/**
 * Limits how often something is done a minute, by key, with one number for each: the time at which all that was done is paid for
 * (GCRA). A minute's worth may come at once; from then on it comes back evenly. Of very many keys those not seen longest are forgotten.
 */
export class Rate {
  readonly #cost: number
  readonly #accounts = new Map<string, Account>()
  readonly #now: () => number

  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#cost = MINUTE / perMinute
    this.#now = now
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#accounts.size
  }

  /** Takes one, and refuses (`rate-limited`) where there is none left. */
  take(key: string, who: string, now = this.#now()): void {
    const account = this.#accounts.get(key) ?? { paid: now, seen: Number.NEGATIVE_INFINITY }
    const paid = Math.max(account.paid, now) + this.#cost
    const wait = paid - now - MINUTE
    if (wait > 0) throw tooMany(who, Math.max(1, Math.ceil(wait / 1000)))
    account.paid = paid
    if (now - account.seen > SEEN_MS) this.#see(key, account, now)
  }

  /** Puts it behind all others: those in front are forgotten first. */
  #see(key: string, account: Account, now: number): void {
    account.seen = now
    this.#accounts.delete(key)
    this.#accounts.set(key, account)
    if (this.#accounts.size > MOST) this.#forget(now)
  }

  #forget(now: number): void {
    for (const [key, { paid }] of this.#accounts) {
      if (paid > now && this.#accounts.size <= MOST) return
      this.#accounts.delete(key)
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
